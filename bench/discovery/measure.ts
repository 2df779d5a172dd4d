// `node bench/discovery/measure.ts`: what searching 500 tools costs and finds, without a server around it.
import { discoveryTools } from '../../src/plan/discovery.ts';
import { toListedTool } from '../../src/plan/listed-tool.ts';
import type { ToolEntry } from '../../src/plan/server-plan.ts';
import type { Call, Tool } from '../../src/tool.ts';
import { testDefinition } from '../../test/support/definition.ts';
import { catalogue } from './catalogue.ts';
import { savedShare, takeFigures } from './figures.ts';

const definition = testDefinition({ discovery: 'search' });
const entries = catalogue().map((tool): ToolEntry => {
  const spec = {
    ...tool,
    listedName: tool.name,
    annotations: {},
    tags: [],
    permissions: [],
    timeoutMs: 5000,
  };
  const item: Tool = { spec, run: () => Promise.reject(new Error('nothing is called here')) };
  const target = { kind: 'tool', name: tool.name, permission: { anyOf: [], allOf: [] }, tool: spec } as const;
  return { item, target, stages: [], headerParameters: [] };
});
const [search, call] = discoveryTools(entries, definition);
if (search === undefined || call === undefined) throw new Error('there are no tools to search with');

const principal = {
  type: 'local',
  id: 'bench',
  name: 'bench',
  tenantId: 'default',
  roles: [],
  permissions: ['*'],
};
const startedAt = performance.now();
const figures = await takeFigures({
  list: async (server) =>
    (server === 'listed' ? entries.map(({ item }) => item) : [search, call]).map(({ spec }) =>
      toListedTool(spec),
    ),
  async search(query) {
    const { content } = await search.run({ args: { query, limit: 5 }, principal } as unknown as Call);
    return String(content[0]?.text);
  },
});
const searchMs = (performance.now() - startedAt) / figures.questions;

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
const rows = [
  ['tools', figures.tools],
  ['tokens of the whole list (estimated)', figures.listedTokens],
  ['tokens of the list with discovery: search', figures.searchedTokens],
  ['tokens of one answer of the search, on average', Math.round(figures.answerTokens)],
  ['saved with 1 search', percent(savedShare(figures, 1))],
  ['saved with 4 searches', percent(savedShare(figures, 4))],
  ['questions', figures.questions],
  ['recall@5', (figures.found / figures.questions).toFixed(3)],
  ['right one first', (figures.first / figures.questions).toFixed(3)],
  ['milliseconds of one search', searchMs.toFixed(2)],
];
for (const [what, value] of rows) process.stdout.write(`${String(value).padStart(10)}  ${what}\n`);
for (const question of figures.missed) process.stdout.write(`    missed  ${question}\n`);
