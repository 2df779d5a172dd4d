// Compares the index with ripgrep on a real tree: the files it knows, and the lines of chosen and generated
// queries. Prints every difference and exits 1 if there is one.
//
//   node bench/code-index/compare.ts <tree> [generated queries, default 2000] [seed, default 1]

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { openTextIndex, type TextIndex } from '../../src/packs/code/index/text-index.ts';
import { CHOSEN_QUERIES, generateQueries } from './queries.ts';
import { type OracleLine, type OracleQuery, ripgrepLines, runRipgrep, STANDARD_RULES } from './ripgrep.ts';

const [root = '.', generated = '2000', seed = '1'] = process.argv.slice(2);
const DEADLINE_MS = 600_000;
const SHOWN_MAX = 5;
/** Lines compared one by one; the rest of a longer answer is compared by count per file. */
const LINES_MAX = 20_000;

const directory = mkdtempSync(`${tmpdir()}/code-index-compare-`);
const index = openTextIndex({
  directory,
  root,
  rules: { secrets: 'include', lineBytesMax: Number.MAX_SAFE_INTEGER, fileBytesMax: 1 << 30 },
});
try {
  const report = await index.build();
  const files = await compareFiles(index);
  console.log(
    `${root}: ${files.length} files, ${(report.bytesParsed / 1e6).toFixed(1)} MB of distinct content`,
  );
  const made = [
    ...generateQueries(
      files.map((path) => `${root}/${path}`),
      Number(generated),
      Number(seed),
    ),
  ];
  const random = await compareQueries('generated', made);
  const chosen = await compareQueries('chosen', CHOSEN_QUERIES);
  process.exitCode = chosen + random === 0 ? 0 : 1;
} finally {
  await index.close();
  rmSync(directory, { recursive: true });
}

async function compareFiles(of: TextIndex): Promise<string[]> {
  const listed = (await runRipgrep(root, [...STANDARD_RULES, '--files', '-0']))
    .toString()
    .split('\0')
    .filter((path) => path !== '');
  const expected = new Set(listed.map((path) => path.replace(/^\.\//, '')));
  const known = await of.files();
  const missing = [...expected]
    .filter((path) => !known.some((file) => file.path === path))
    .slice(0, SHOWN_MAX);
  const surplus = known.filter((file) => !expected.has(file.path)).map((file) => file.path);
  if (missing.length + surplus.length > 0) {
    console.log('DIFFERENT file lists; missing:', missing, 'surplus:', surplus.slice(0, SHOWN_MAX));
    process.exitCode = 1;
  }
  return known.filter((file) => file.status === 'indexed').map((file) => file.path);
}

async function compareQueries(name: string, queries: readonly OracleQuery[]): Promise<number> {
  let different = 0;
  let lines = 0;
  let matched = 0;
  for (const [done, query] of queries.entries()) {
    const expected = await ripgrepLines(root, STANDARD_RULES, query);
    lines += expected.length;
    if (expected.length > 0) matched++;
    if (!(await agrees(query, expected))) different++;
    if (done % 100 === 99) console.log(`  ${done + 1} ${name}: ${different} different`);
  }
  console.log(
    `${name}: ${queries.length} queries, ${matched} with matches, ${lines} lines, ${different} different`,
  );
  return different;
}

/** Every file with its number of lines, and the numbers of the first lines in order, must be ripgrep's. */
async function agrees(query: OracleQuery, expected: readonly OracleLine[]): Promise<boolean> {
  const limits = { deadlineMs: DEADLINE_MS, scanBytesMax: Number.MAX_SAFE_INTEGER };
  const counts = await index.search(
    { ...query, want: 'counts' },
    { ...limits, limit: Number.MAX_SAFE_INTEGER },
  );
  const rows = await index.search(query, { ...limits, limit: LINES_MAX });
  if (!counts.complete || !rows.complete) throw new Error(`incomplete answer to ${query.pattern}`);
  const perFile = new Map<string, number>();
  for (const { path } of expected) perFile.set(path, (perFile.get(path) ?? 0) + 1);
  const sameCounts =
    counts.files.length === perFile.size &&
    counts.files.every((file) => perFile.get(file.path) === file.lines);
  const first = expected.slice(0, LINES_MAX).map(({ path, line }) => `${path}:${line}`);
  const found = rows.matches.map(({ path, line }) => `${path}:${line}`);
  const sameLines = first.length === found.length && first.every((line, at) => line === found[at]);
  const sameTotals = counts.totals.lines === expected.length && rows.totals.lines === expected.length;
  if (sameCounts && sameLines && sameTotals) return true;
  report(query, first, found);
  return false;
}

function report(query: OracleQuery, expected: readonly string[], found: readonly string[]): void {
  const has = new Set(found);
  const wanted = new Set(expected);
  console.log('DIFFERENT', JSON.stringify(query));
  console.log('  only ripgrep:', expected.filter((line) => !has.has(line)).slice(0, SHOWN_MAX));
  console.log('  only index:', found.filter((line) => !wanted.has(line)).slice(0, SHOWN_MAX));
}
