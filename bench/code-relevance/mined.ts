// Asks the ranked search where changes were made, with the subjects of their commits, over MCP.
//
//   node bench/code-relevance/mined.ts <git directory> [questions, default 300] [--misses]

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startCodeServer } from '../../test/code/code-server.ts';
import { checkOutTree } from './checked-out-tree.ts';
import { mineQuestions } from './mined-questions.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { misses: { type: 'boolean', default: false } },
});
const [repository = '.git', count = '300'] = positionals;
const DEPTH = 10;
const ASK_EVERY_MS = 200;
const MEDIAN = 0.5;
/** With more the whole tree is looked through. */
const SINGLE_FILES_MAX = 60;

const questions = mineQuestions(repository, Number(count));
const [newest] = questions;
if (newest === undefined) throw new Error(`${repository} has no commit that asks a question.`);
const tree = checkOutTree(repository, newest.tree);
const server = await startCodeServer({}, { root: tree.root, options: 'watch: false' });
try {
  await indexed();
  const sums = { at5: 0, at10: 0, reciprocal: 0 };
  let incomplete = 0;
  const timesMs: number[] = [];
  for (const { text, files, tree: commit } of questions) {
    await bringUpToDate(tree.moveTo(commit));
    await indexed();
    const asked = performance.now();
    const { results, complete } = await server.call('search_code', {
      query: text,
      search_type: 'hybrid',
      limit: DEPTH,
      context_lines: 0,
    });
    timesMs.push(performance.now() - asked);
    if (!complete) incomplete++;
    const found = results.map(({ file }) => file);
    const hits = (depth: number) => files.filter((path) => found.slice(0, depth).includes(path)).length;
    sums.at5 += hits(5) / files.length;
    sums.at10 += hits(10) / files.length;
    const first = found.findIndex((path) => files.includes(path));
    if (first !== -1) sums.reciprocal += 1 / (first + 1);
    if (values.misses && hits(5) < files.length)
      console.log(`${text}\n  wanted ${files.join(' ')}\n  found  ${found.slice(0, 5).join(' ')}`);
  }
  const mean = (sum: number) => (sum / questions.length).toFixed(3);
  const median = timesMs.toSorted((a, b) => a - b)[Math.floor(timesMs.length * MEDIAN)] ?? 0;
  console.log(
    `${repository} before ${questions.length} commits up to ${newest.tree.slice(0, 8)}: R@5 ${mean(sums.at5)}, R@10 ${mean(sums.at10)}, MRR ${mean(sums.reciprocal)}, median of an answer ${median.toFixed(0)} ms`,
  );
  // A search that reaches its deadline answers with what it has until then.
  if (incomplete > 0)
    console.log(`${incomplete} answers are incomplete: the machine is too busy for these figures`);
} finally {
  await server.close();
  tree.remove();
}

/** Single files one by one, many at once with the whole tree, of which there are only so many turns a minute. */
async function bringUpToDate(changed: readonly string[]): Promise<void> {
  if (changed.length > SINGLE_FILES_MAX) {
    await server.call('index_project');
    return;
  }
  // Refused where an ignored or secret file changed, which no search finds anyway.
  await Promise.all(
    changed.map((path) => server.client.callTool({ name: 'index_file', arguments: { path } })),
  );
}

/** The product begins to index by itself; a ranked search is answered once the symbols are known as well. */
async function indexed(): Promise<void> {
  const probe = { name: 'search_code', arguments: { query: 'index', search_type: 'hybrid' } };
  while ((await server.client.callTool(probe)).isError === true) await sleep(ASK_EVERY_MS);
}
