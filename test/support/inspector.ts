// The Inspector's command line.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type FinishedProcess, runProcess } from './finished-process.ts';

const manifest = createRequire(import.meta.url).resolve('@modelcontextprotocol/inspector/package.json');
const LAUNCHER = join(dirname(manifest), 'clients', 'launcher', 'build', 'index.js');

/** Runs it with `words`, which begin with the server; it prints one JSON object. `home` is where it keeps state. */
export function runInspector(words: readonly string[], home: string): Promise<FinishedProcess> {
  return runProcess(process.execPath, [LAUNCHER, '--cli', ...words, '--format', 'json'], {
    env: { HOME: home },
  });
}
