// Runs the official conformance suite and reads what it printed.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SUITE = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url),
);

/** A run takes seven seconds on an idle machine; one whose unscored scenarios wait in vain, more than a minute. */
export const RUN_TIMEOUT_MS = 240_000;

export interface Run {
  readonly code: number;
  readonly output: string;
  /** Scenarios that passed and failed, by name; those that are not scored are left out. */
  readonly passed: readonly string[];
  readonly failed: readonly string[];
}

/** The server scenarios against `url`. */
export function runServerSuite(url: string, args: readonly string[]): Promise<Run> {
  return runSuite(['server', '--url', url, ...args]);
}

/** The client scenarios, each of which starts `script` with the address of its server. */
export function runClientSuite(script: string, args: readonly string[]): Promise<Run> {
  return runSuite(['client', '--command', `${process.execPath} ${script}`, ...args]);
}

function runSuite(words: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [SUITE, ...words],
      { timeout: RUN_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 },
      (error, out, err) => {
        const [printed = '', unscored = ''] = out.split('Not scored for');
        // The client side prints its results to standard error.
        const results = `${printed}\n${err}`;
        const ignored = new Set(namesOf(unscored, '[✓✗]'));
        const scored = (mark: string) => namesOf(results, mark).filter((name) => !ignored.has(name));
        resolve({
          code: error === null ? 0 : 1,
          output: `${out}\n${err}`,
          passed: scored('✓'),
          failed: scored('✗'),
        });
      },
    );
  });
}

function namesOf(output: string, mark: string): string[] {
  return [...output.matchAll(new RegExp(`^\\s*${mark} ([\\w/-]+)`, 'gm'))].map((match) => match[1] ?? '');
}
