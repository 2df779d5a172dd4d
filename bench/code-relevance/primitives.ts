// Asks the product what sverklo-bench asks (github.com/sverklo/sverklo, benchmark/): where a symbol is defined, where it is
// used, what a file imports and what imports it. One call a task; the harness itself makes the tasks and scores them.
//
//   node bench/code-relevance/primitives.ts <sverklo checkout> <folder with express, flask, lodash, requests> [--misses]

import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type CodeServer, startCodeServer } from '../../test/code/code-server.ts';
import { type Category, loadHarness, type Prediction, type Task } from './primitive-tasks.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { misses: { type: 'boolean', default: false } },
});
const [harness, repositories] = positionals;
if (harness === undefined || repositories === undefined)
  throw new Error('Usage: primitives.ts <sverklo checkout> <folder of the other repositories>');
const ASK_EVERY_MS = 200;
/** Of characters. */
const CHARACTERS_PER_TOKEN = 4;
/** Dead code (P5) has no tool here, and the harness leaves it out of what it publishes. */
const ASKED: readonly Category[] = ['P1', 'P2', 'P4'];

interface Row {
  readonly dataset: string;
  readonly category: Category;
  readonly f1: number;
  readonly tokens: number;
}

const { datasets, score } = await loadHarness(resolve(harness), resolve(repositories));
const rows: Row[] = [];
for (const { name, root, tasks } of datasets) {
  const server = await startCodeServer({}, { root, options: 'watch: false' });
  try {
    await indexed(server);
    for (const task of tasks.filter(({ category }) => ASKED.includes(category))) {
      const text = await ask(server, task);
      const prediction = predictionOf(task.category, text);
      const { f1, recall, precision } = score(task, prediction, text);
      rows.push({ dataset: name, category: task.category, f1, tokens: text.length / CHARACTERS_PER_TOKEN });
      if (values.misses && f1 < 1)
        console.log(
          `${task.id} ${task.query}: F1 ${f1.toFixed(2)}, recall ${recall.toFixed(2)}, precision ${precision.toFixed(2)}\n  wanted ${JSON.stringify(task.expected)}\n  found  ${JSON.stringify(prediction)}`,
        );
    }
  } finally {
    await server.close();
  }
}
for (const { name } of datasets) report(name, (row) => row.dataset === name);
report('all', () => true);

async function ask({ client }: CodeServer, { category, query }: Task): Promise<string> {
  const call =
    category === 'P1'
      ? { name: 'lookup_symbol', arguments: { symbol: query } }
      : category === 'P2'
        ? { name: 'find_references', arguments: { symbol: query } }
        : {
            name: 'analyze_dependencies',
            arguments: { path: query, direction: 'both', include_external: false },
          };
  const { content } = await client.callTool(call);
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}

/** What the text of an answer says, and nothing that only its data has: a model reads the text. */
function predictionOf(category: Category, text: string): Prediction {
  const lines = text.split('\n');
  if (category === 'P4') return dependenciesIn(lines);
  if (category === 'P1') {
    const [, file = '', line = ''] = /^(\S+):(\d+) \w/m.exec(text) ?? [];
    return { kind: 'locations', locations: file === '' ? [] : [{ file, line: Number(line) }] };
  }
  let file = '';
  const locations = lines.flatMap((row) => {
    const [, line] = /^ {2}(\d+): /.exec(row) ?? [];
    if (line === undefined) file = row;
    return line === undefined ? [] : [{ file, line: Number(line) }];
  });
  return { kind: 'locations', locations };
}

function dependenciesIn(lines: readonly string[]): Prediction {
  const found = { imports: new Set<string>(), importers: new Set<string>() };
  let side: keyof typeof found = 'imports';
  for (const line of lines) {
    if (/ is (used|imported) by/.test(line)) side = 'importers';
    const [, path] = /^ {2}(\S+) line /.exec(line) ?? [];
    if (path !== undefined) found[side].add(path);
  }
  return { kind: 'deps', imports: [...found.imports], importers: [...found.importers] };
}

function report(name: string, isMeant: (row: Row) => boolean): void {
  const own = rows.filter(isMeant);
  const mean = (some: readonly Row[]) =>
    (some.reduce((sum, { f1 }) => sum + f1, 0) / Math.max(1, some.length)).toFixed(3);
  const each = ASKED.map(
    (category) => `${category} ${mean(own.filter((row) => row.category === category))}`,
  ).join(', ');
  const tokens = own.map((row) => row.tokens).sort((a, b) => a - b);
  const average = tokens.reduce((sum, one) => sum + one, 0) / Math.max(1, tokens.length);
  console.log(
    `${name}: ${own.length} tasks, F1 ${mean(own)} (${each}), tokens median ${tokens[tokens.length >> 1]?.toFixed(0)}, mean ${average.toFixed(0)}`,
  );
}

/** The product begins to index by itself; symbols come last. */
async function indexed({ client }: CodeServer): Promise<void> {
  const probe = { name: 'lookup_symbol', arguments: { symbol: 'index' } };
  while ((await client.callTool(probe)).isError === true) await sleep(ASK_EVERY_MS);
}
