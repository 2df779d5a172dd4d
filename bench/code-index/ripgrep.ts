// Runs ripgrep, the oracle, with the rules the index uses.

import { execFile } from 'node:child_process';
import { rgPath } from '@vscode/ripgrep';

/** Flags that give ripgrep the index's default rules: no rules from outside the root, .git never searched. */
export const STANDARD_RULES: readonly string[] = [
  '--no-config',
  '--no-require-git',
  '--no-ignore-parent',
  '--no-ignore-global',
  '--glob=!.git',
  '--glob=!.hg',
  '--glob=!.svn',
];

/** Flags for the rules `ignore: none, hidden: true`. */
export const NO_RULES: readonly string[] = [
  '--no-config',
  '--no-ignore',
  '--hidden',
  '--glob=!.git',
  '--glob=!.hg',
  '--glob=!.svn',
];

/** Of a query that nearly every line of a tree of 300 MB matches. */
const OUTPUT_BYTES_MAX = 2 ** 31;

const LINE_FEED = 0x0a;

/** One search as both sides understand it. */
export interface OracleQuery {
  readonly pattern: string;
  readonly syntax: 'literal' | 'regex';
  readonly ignoreCase: boolean;
}

/** Flags of a query. */
export function queryFlags(query: OracleQuery): string[] {
  return [...(query.syntax === 'literal' ? ['-F'] : []), query.ignoreCase ? '-i' : '-s', '-e', query.pattern];
}

/** Runs ripgrep; resolves with its output, empty when nothing matched. */
export function runRipgrep(root: string, flags: readonly string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    execFile(
      rgPath,
      [...flags, './'],
      { cwd: root, encoding: 'buffer', maxBuffer: OUTPUT_BYTES_MAX },
      (error, stdout, stderr) => {
        if (error !== null && error.code !== 1)
          reject(new Error(`ripgrep: ${stderr.toString()}`, { cause: error }));
        else resolve(stdout);
      },
    );
  });
}

/** A matching line. */
export interface OracleLine {
  readonly path: string;
  readonly line: number;
}

/** The matching lines in the order of the index: by path (UTF-16 order), then line. */
export async function ripgrepLines(
  root: string,
  rules: readonly string[],
  query: OracleQuery,
): Promise<OracleLine[]> {
  const flags = [...rules, '-n', '--no-heading', '-0', '--max-columns=1', ...queryFlags(query)];
  const output = await runRipgrep(root, flags);
  const byPath = new Map<string, number[]>();
  // Row by row: a whole output may be longer than any string.
  for (let at = 0; at < output.length; ) {
    const next = output.indexOf(LINE_FEED, at);
    const end = next < 0 ? output.length : next;
    const row = output.toString('latin1', at, end);
    at = end + 1;
    const found = /^\.\/([^\0]*)\0(\d+):/.exec(row);
    if (found === null) continue;
    const path = Buffer.from(found[1] ?? '', 'latin1').toString();
    const lines = byPath.get(path);
    if (lines === undefined) byPath.set(path, [Number(found[2])]);
    else lines.push(Number(found[2]));
  }
  return [...byPath.keys()]
    .sort()
    .flatMap((path) => (byPath.get(path) ?? []).map((line) => ({ path, line })));
}
