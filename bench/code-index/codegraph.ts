// Measures text index, symbols and imports of a tree against CodeGraph, each in a process of its own: time from nothing
// to ready, disk, and the highest resident memory.
//
//   npm install --prefix /tmp/codegraph @colbymchenry/codegraph@1.6.1
//   CODEGRAPH=/tmp/codegraph/node_modules/.bin/codegraph node bench/code-index/codegraph.ts <tree> [rounds, default 3]
//
// CodeGraph writes into the tree it indexes, so each of its rounds has a copy.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openTextIndex } from '../../src/packs/code/index/text-index.ts';
import { intakeOf } from '../../src/packs/code/repositories/intake-of-pack.ts';
import { SymbolIndex } from '../../src/packs/code/symbols/symbol-index.ts';

interface Figures {
  readonly seconds: number;
  /** Of them, those of the text index, which CodeGraph has none of. */
  readonly textSeconds: number;
  readonly diskBytes: number;
  readonly textBytes: number;
  readonly residentBytes: number;
}

const KIB = 1024;

const [given = '.', second = '3'] = process.argv.slice(2);
const tree = resolve(given);
if (second === 'build') await build(process.argv[4] ?? '');
else compare(Number(second));

function compare(rounds: number): void {
  const { CODEGRAPH = 'codegraph' } = process.env;
  const own: Figures[] = [];
  const other: Figures[] = [];
  for (let round = 0; round < rounds; round++) {
    own.push(inScratch((work) => run([process.execPath, import.meta.filename, tree, 'build', work], work)));
    other.push(
      inScratch((work) => {
        cpSync(tree, join(work, 'tree'), { recursive: true });
        const env = { CODEGRAPH_TELEMETRY: '0', CODEGRAPH_NO_DAEMON: '1' };
        return run([CODEGRAPH, 'init', join(work, 'tree')], join(work, 'tree/.codegraph'), env);
      }),
    );
  }
  console.log(`${tree}, ${rounds} rounds, medians; ${availableParallelism()} cores`);
  for (const [name, unit, of] of [
    ['time', 's', (one: Figures) => one.seconds],
    ['time without the text index', 's', (one: Figures) => one.seconds - one.textSeconds],
    ['disk', 'MB', (one: Figures) => one.diskBytes / 1e6],
    ['disk without the text index', 'MB', (one: Figures) => (one.diskBytes - one.textBytes) / 1e6],
    ['memory', 'MB', (one: Figures) => one.residentBytes / 1e6],
  ] as const) {
    const [ours, theirs] = [median(own.map(of)), median(other.map(of))];
    console.log(
      `${name}: ${ours.toFixed(1)} ${unit}; CodeGraph ${theirs.toFixed(1)} ${unit}; ratio ${(theirs / ours).toFixed(1)}`,
    );
  }
}

async function build(work: string): Promise<void> {
  const rules = intakeOf(
    tree,
    { exclude: [], hidden: false, maxFileSize: 10 << 20 },
    { stateDirectory: work, isVersioned: false },
  );
  const text = openTextIndex({ directory: join(work, 'text'), root: tree, rules });
  const started = performance.now();
  await text.build();
  console.log((performance.now() - started) / 1000);
  const symbols = new SymbolIndex({ text: join(work, 'text'), directory: work });
  const { files } = await symbols.refresh();
  if (files === 0) throw new Error('no file was parsed');
  await symbols.close();
  await text.close();
}

function run(
  [command = '', ...args]: readonly string[],
  written: string,
  env: Readonly<Record<string, string>> = {},
): Figures {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync('/usr/bin/time', ['-f', '%M', command, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  const seconds = (performance.now() - started) / 1000;
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
  const residentBytes = Number(stderr.trim().split('\n').at(-1)) * KIB;
  const text = join(written, 'text');
  return {
    seconds,
    textSeconds: existsSync(text) ? Number(stdout.trim()) : 0,
    diskBytes: sizeOf(written),
    textBytes: existsSync(text) ? sizeOf(text) : 0,
    residentBytes,
  };
}

function inScratch<Value>(use: (work: string) => Value): Value {
  const work = mkdtempSync(join(tmpdir(), 'code-index-codegraph-'));
  try {
    return use(work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function sizeOf(directory: string): number {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
