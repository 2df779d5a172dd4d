// Measures the index against ripgrep, and against codesearch where its binaries are named, on one tree in one
// run. Prints medians and ratios.
//
//   [CINDEX=/path/to/cindex CSEARCH=/path/to/csearch] node bench/code-index/measure.ts <tree> [builds, default 3]

import { execFile, execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { openTextIndex, type TextIndex } from '../../src/packs/code/index/text-index.ts';
import { rewritten, SPEED_QUERIES } from './queries.ts';
import { NO_RULES, type OracleQuery, queryFlags, runRipgrep } from './ripgrep.ts';

const RULES = {
  ignore: 'none',
  hidden: true,
  secrets: 'include',
  lineBytesMax: Number.MAX_SAFE_INTEGER,
  fileBytesMax: 1 << 30,
} as const;
const RUNS = 3;
/** Passes over all queries before the first is timed. */
const WARM_UPS = 3;
const UPDATES = 20;
const TOP = 50;

const [root = '.', second = '3'] = process.argv.slice(2);
const work = mkdtempSync(`${tmpdir()}/code-index-measure-`);
const directory = `${work}/index`;
process.env.CSEARCHINDEX = `${work}/csearchindex`;
// As the product is always started: what its threads compiled is kept.
enableCompileCache(`${work}/compiled`);
try {
  if (second === 'serve') await serve(process.argv[4] ?? '');
  else await measure(Number(second));
} finally {
  rmSync(work, { recursive: true });
}

async function measure(builds: number): Promise<void> {
  await measureBuilds(builds);
  const index = openTextIndex({ directory, root, rules: RULES });
  await index.stats();
  await measureQueries(index);
  await measureUpdates(index);
  await index.close();
  // Memory is that of a process that only serves.
  const output = execFileSync(process.execPath, [import.meta.filename, root, 'serve', directory], {
    encoding: 'utf8',
  });
  process.stdout.write(output);
}

async function measureBuilds(builds: number): Promise<void> {
  const own: number[] = [];
  const other: number[] = [];
  for (let run = 0; run < builds; run++) {
    rmSync(directory, { recursive: true, force: true });
    const index = openTextIndex({ directory, root, rules: RULES });
    own.push(await timed(() => index.build()));
    if (run === builds - 1) printSizes(await index.stats());
    await index.close();
    const { CINDEX } = process.env;
    if (CINDEX !== undefined) other.push(await timed(() => promisify(execFile)(CINDEX, ['-reset', root])));
  }
  console.log(`cold build: ${ms(median(own))} (2 threads, synced to disk)`);
  if (other.length > 0)
    console.log(`  cindex: ${ms(median(other))}, ratio ${(median(own) / median(other)).toFixed(2)}`);
}

function printSizes(stats: Awaited<ReturnType<TextIndex['stats']>>): void {
  const { sourceBytes, postingBytes, diskBytes, files, segments } = stats;
  console.log(`${files} files, ${(sourceBytes / 1e6).toFixed(1)} MB, ${segments} segments`);
  console.log(
    `postings ${(postingBytes / sourceBytes).toFixed(3)} B/B, all on disk ${(diskBytes / sourceBytes).toFixed(3)}`,
  );
}

async function measureQueries(index: TextIndex): Promise<void> {
  const own: number[] = [];
  const again: number[] = [];
  const top: number[] = [];
  const ripgrep: number[] = [];
  const csearch: number[] = [];
  const { CSEARCH } = process.env;
  // A server runs for days: what is wanted is its speed once it is compiled.
  for (let pass = 0; pass < WARM_UPS; pass++)
    for (const query of SPEED_QUERIES) await index.search(rewritten(query, pass), { limit: TOP });
  const list = (query: OracleQuery) =>
    index.search({ ...query, want: 'files' }, { limit: Number.MAX_SAFE_INTEGER });
  for (const query of SPEED_QUERIES) {
    let pairs = WARM_UPS;
    // The index keeps what it found, so every run asks in other words; only then is it compared with what keeps nothing.
    own.push(await repeated(() => list(rewritten(query, pairs++))));
    top.push(await repeated(() => index.search(rewritten(query, pairs++), { limit: TOP })));
    again.push(await repeated(() => list(query)));
    ripgrep.push(await repeated(() => runRipgrep(root, [...NO_RULES, '-l', ...queryFlags(query)])));
    if (CSEARCH !== undefined) csearch.push(await repeated(() => codesearch(CSEARCH, query)));
  }
  const ratio = (of: readonly number[], at: number): string =>
    (quantile(of, at) / quantile(own, at)).toFixed(1);
  console.log(`${SPEED_QUERIES.length} queries, warm, medians of ${RUNS}; p50 / p95`);
  console.log(`  complete file list, never asked: ${ms(quantile(own, 0.5))} / ${ms(quantile(own, 0.95))}`);
  console.log(`  the same, asked before: ${ms(quantile(again, 0.5))} / ${ms(quantile(again, 0.95))}`);
  console.log(
    `  top ${TOP} lines with exact totals, never asked: ${ms(quantile(top, 0.5))} / ${ms(quantile(top, 0.95))}`,
  );
  console.log(
    `  ripgrep -l: ${ms(quantile(ripgrep, 0.5))} / ${ms(quantile(ripgrep, 0.95))}, ratio ${ratio(ripgrep, 0.5)} / ${ratio(ripgrep, 0.95)}`,
  );
  if (csearch.length > 0) {
    console.log(
      `  csearch -l: ${ms(quantile(csearch, 0.5))} / ${ms(quantile(csearch, 0.95))}, ratio ${ratio(csearch, 0.5)} / ${ratio(csearch, 0.95)}`,
    );
  }
}

function codesearch(binary: string, query: OracleQuery): Promise<unknown> {
  const pattern =
    query.syntax === 'literal' ? query.pattern.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') : query.pattern;
  const flags = ['-l', ...(query.ignoreCase ? ['-i'] : []), pattern];
  // Status 1: nothing found.
  return promisify(execFile)(binary, flags, { maxBuffer: 1 << 30 }).catch(() => undefined);
}

async function measureUpdates(index: TextIndex): Promise<void> {
  const path =
    (await index.files()).find((file) => file.status === 'indexed' && file.size > 4000)?.path ?? '';
  const original = readFileSync(`${root}/${path}`);
  const times: number[] = [];
  try {
    for (let run = 0; run < UPDATES; run++) {
      appendFileSync(`${root}/${path}`, `\nedit_number_${run}_\n`);
      const elapsed = await timed(() => index.update({ changed: [path] }));
      const { totals } = await index.search({ pattern: `edit_number_${run}_` });
      if (totals.lines !== 1) throw new Error('the edit is not searchable');
      times.push(elapsed);
    }
  } finally {
    writeFileSync(`${root}/${path}`, original);
  }
  await index.update({ changed: [path] });
  console.log(
    `edit to searchable, without the watch: p50 ${ms(quantile(times, 0.5))}, p95 ${ms(quantile(times, 0.95))}`,
  );
}

async function serve(built: string): Promise<void> {
  const started = performance.now();
  const index = openTextIndex({ directory: built, root, rules: RULES });
  await index.search({ pattern: 'warm' });
  const ready = performance.now() - started;
  for (const query of SPEED_QUERIES) await index.search(query, { limit: TOP });
  const serving = process.memoryUsage().rss;
  const report = await index.build();
  console.log(
    `second start: first answer after ${ms(ready)}; tree checked in ${ms(report.elapsedMs)}, ${report.filesRead} read, ${report.filesParsed} parsed`,
  );
  console.log(
    `resident: ${(serving / 1e6).toFixed(0)} MB serving, ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB after checking the tree`,
  );
  await index.close();
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return performance.now() - started;
}

async function repeated(run: () => Promise<unknown>): Promise<number> {
  await run();
  const times: number[] = [];
  for (let at = 0; at < RUNS; at++) times.push(await timed(run));
  return median(times);
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], at: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(at * sorted.length))] ?? Number.NaN;
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
