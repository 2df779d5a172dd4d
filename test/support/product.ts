// Starts the real product as its own process, the way a user does, and stops it again.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
/** The product's executable. */
export const MAIN = join(PROJECT, 'src', 'main.ts');
/** What `npm start` serves, and the script that serves it together with what it works with. */
export const SAMPLE_DEFINITION = join(PROJECT, 'quayside.yaml');
const SAMPLE_MAIN = join(PROJECT, 'examples', 'start.ts');

/** Starting takes well under a second; a loaded machine may take far longer. */
const START_DEADLINE_MS = 60_000;
/** Longer than the drain of a test's product ever needs; one that hangs must not outlive its test. */
const STOP_DEADLINE_MS = 20_000;
/** Lines are 50 ms late at most where the machine is not. */
const LOG_DEADLINE_MS = 10_000;

export interface Product {
  /** Such as `http://127.0.0.1:41234`. */
  readonly origin: string;
  /** The endpoint of the default server. */
  readonly url: string;
  /** The key that the first start generated, if it did. */
  readonly key: string | undefined;
  /** A folder of this product's own, removed when it stops. */
  readonly directory: string;
  /** Where its state is. */
  readonly data: string;
  readonly process: ChildProcess;
  /** The start report as it was printed. */
  readonly report: string;
  /** Everything read of stderr so far: the log. Lines are written in blocks, some 50 ms late: poll for what must come. */
  log(): string;
  /** The log with everything in it that was said before this call: for what must not stand there. */
  wholeLog(): Promise<string>;
  /** Sends `signal` and resolves with the exit code; kills what does not end in time. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface ProductOptions {
  /**
   * `sample` is what `npm start` serves, with its sample API. Else the path of a definition, or its text, which is
   * then written to `quayside.yaml` of a folder of its own.
   */
  readonly definition: 'sample' | { readonly path: string } | { readonly yaml: string };
  /** Starts what the sample works with beside another definition, such as a variant of it. */
  readonly withSampleApi?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Leaves out `--port 0`, where the port of the environment or the file is the subject. */
  readonly withoutPortFlag?: true;
  /** A state folder that outlives this product. Default: one of its own. */
  readonly data?: string;
  /** `text` starts it as a person does, without `--json`. */
  readonly report?: 'json' | 'text';
}

/** Resolves when the product answers; rejects with its log when it does not start. */
export async function startProduct(options: ProductOptions): Promise<Product> {
  const directory = mkdtempSync(join(tmpdir(), 'quayside-product-'));
  const data = options.data ?? join(directory, 'data');
  const path = pathOf(options.definition, directory);
  const main = options.definition === 'sample' || options.withSampleApi === true ? SAMPLE_MAIN : MAIN;
  const json = options.report === 'text' ? [] : ['--json'];
  const port = options.withoutPortFlag === true ? [] : ['--port', '0'];
  const words = ['serve', path, ...port, '--data', data, ...json, ...(options.args ?? [])];
  const child = spawn(process.execPath, [main, ...words], {
    env: { ...productEnvironment(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    await endProcess(child, signal);
    rmSync(directory, { recursive: true, force: true });
    return child.exitCode;
  };
  try {
    const report = await printedReport(child, () => log);
    const parsed = parseReport(report);
    const wholeLog = async () => {
      if (child.exitCode === null && child.signalCode === null) await logUpToNow(parsed.origin, () => log);
      else await finished(child.stderr);
      return log;
    };
    return { ...parsed, report, directory, data, process: child, log: () => log, wholeLog, stop };
  } catch (error) {
    await stop('SIGKILL');
    throw error;
  }
}

/** Lines leave in their order, so that behind the one about a page that is not there nothing earlier can come. */
async function logUpToNow(origin: string, log: () => string): Promise<void> {
  const path = `/end-of-log-${randomUUID()}`;
  // A connection of its own, which nobody keeps open behind it.
  const [answer] = await once(get(origin + path, { agent: false }), 'response');
  answer.resume();
  const deadline = performance.now() + LOG_DEADLINE_MS;
  while (!log().includes(path)) {
    if (performance.now() > deadline) throw new Error(`The log does not tell of GET ${path}.\n${log()}`);
    await sleep(20);
  }
}

/** The environment of this process without what a test runner or npm put into it. */
export function productEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|VITEST|NODE_OPTIONS$|NODE_ENV$|QUAYSIDE_(?!TEST_))/i.test(name),
  );
  return Object.fromEntries(entries);
}

/** Ends `child` by `signal`, or after a while by force. */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await exited;
  clearTimeout(timer);
}

function pathOf(definition: ProductOptions['definition'], directory: string): string {
  if (definition === 'sample') return SAMPLE_DEFINITION;
  if ('path' in definition) return definition.path;
  const path = join(directory, 'quayside.yaml');
  writeFileSync(path, definition.yaml);
  return path;
}

/** The report ends with a line of JSON, or for a person with the `curl` line and an empty one. */
function printedReport(child: ChildProcess, log: () => string): Promise<string> {
  let out = '';
  return new Promise<string>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`The product did not start in time.\n${out}\n${log()}`)),
      START_DEADLINE_MS,
    );
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (!/^\{.*\}\n|^curl .*\n\n/m.test(out)) return;
      clearTimeout(timer);
      resolve(out);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`The product ended with ${code}.\n${out}\n${log()}`));
    });
  });
}

function parseReport(report: string): Pick<Product, 'origin' | 'url' | 'key'> {
  const { url, key }: { url?: string; key?: string | undefined } = report.startsWith('{')
    ? JSON.parse(report)
    : { url: /^URL {2}(\S+)$/m.exec(report)?.[1], key: /^Key {2}(qs_\S+)$/m.exec(report)?.[1] };
  if (url === undefined) throw new Error(`The start report names no URL.\n${report}`);
  return { origin: new URL(url).origin, url, key };
}
