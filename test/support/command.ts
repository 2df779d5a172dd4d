// Runs one command of the product to its end, as a process of its own.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** A loaded machine may take long to start a process. */
const DEADLINE_MS = 30_000;

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export function runCommand(words: readonly string[], env: Readonly<Record<string, string>> = {}): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: DEADLINE_MS,
  });
  return { code: status, out: stdout, err: stderr };
}
