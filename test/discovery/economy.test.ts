// The numbers that searching tools is held to, over 500 tools and a published set of questions (bench/discovery).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { catalogue } from '../../bench/discovery/catalogue.ts';
import { catalogueDefinition } from '../../bench/discovery/definition.ts';
import { savedShare, takeFigures } from '../../bench/discovery/figures.ts';
import { queries } from '../../bench/discovery/queries.ts';
import { answerOf, call } from '../support/json-rpc.ts';
import { type Product, startProduct } from '../support/product.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

const TIMEOUT_MS = 120_000;

let workspace: Workspace;
let product: Product;
beforeAll(async () => {
  workspace = createWorkspace({
    'servers.json': catalogueDefinition('./echo.ts'),
    'echo.ts': 'export default (args: unknown) => JSON.stringify(args);\n',
  });
  product = await startProduct({ definition: { path: `${workspace.directory}/servers.json` } });
}, TIMEOUT_MS);
afterAll(async () => {
  await product.stop();
  workspace.remove();
});

async function listTools(server: string): Promise<readonly unknown[]> {
  const tools: unknown[] = [];
  let cursor: unknown;
  do {
    const { result } = await answerOf(
      await call(
        `${product.origin}/mcp/${server}`,
        undefined,
        'tools/list',
        cursor === undefined ? {} : { cursor },
      ),
    );
    if (Array.isArray(result?.tools)) tools.push(...result.tools);
    cursor = result?.nextCursor;
  } while (cursor !== undefined);
  return tools;
}

async function search(query: string): Promise<string> {
  const { result } = await answerOf(
    await call(`${product.origin}/mcp/searched`, undefined, 'tools/call', {
      name: 'search_tools',
      arguments: { query },
    }),
  );
  const content = result?.content as readonly { readonly text: string }[];
  return content[0]?.text ?? '';
}

test('the catalogue has 500 tools, and the questions name tools of it', () => {
  const names = new Set(catalogue().map(({ name }) => name));
  expect(names.size).toBe(500);
  expect(queries.length).toBeGreaterThanOrEqual(100);
  expect(queries.filter(({ tool }) => !names.has(tool))).toEqual([]);
});

test(
  'a client reads at least 90 % fewer tokens, and finds the right tool among five in at least 95 % of the questions',
  async () => {
    const figures = await takeFigures({ list: listTools, search });
    expect(figures.tools).toBe(500);
    expect(savedShare(figures, 1)).toBeGreaterThanOrEqual(0.95);
    // Four searches are as many as tasks over several services need.
    expect(savedShare(figures, 4)).toBeGreaterThanOrEqual(0.9);
    expect(figures.found / figures.questions, figures.missed.join('\n')).toBeGreaterThanOrEqual(0.95);
  },
  TIMEOUT_MS,
);

test(
  'the name of a tool finds it first',
  async () => {
    const wrong: string[] = [];
    for (const { name } of catalogue().filter((_, index) => index % 7 === 0)) {
      const { tools } = JSON.parse(await search(name));
      if (tools[0]?.name !== name) wrong.push(name);
    }
    expect(wrong).toEqual([]);
  },
  TIMEOUT_MS,
);
