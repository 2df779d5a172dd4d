// Runs a program to its end and keeps what it said.
import { spawn } from 'node:child_process';
import { MAIN, productEnvironment } from './product.ts';

export interface FinishedProcess {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface ProcessOptions {
  readonly cwd?: string;
  /** Over the environment of this process without what the test runner put into it. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Written to stdin, which is then closed. */
  readonly input?: string;
  /** After it the program is killed and the promise rejects. Default 45 s: a loaded machine is slow. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 45_000;

/** Runs `command` without a shell; resolves with whatever exit code it ends. */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<FinishedProcess> {
  const { cwd, env, input = '', deadlineMs = DEADLINE_MS } = options;
  const child = spawn(command, args, {
    env: { ...productEnvironment(), ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, deadlineMs);
  // A program that ends without reading its input is judged by its exit code, not by the broken pipe.
  child.stdin.on('error', () => undefined).end(input);
  try {
    const [out, err, code] = await Promise.all([textOf(child.stdout), textOf(child.stderr), exited]);
    if (isLate) throw new Error(`${command} did not end within ${deadlineMs} ms.\n${out}\n${err}`);
    return { code, out, err };
  } finally {
    clearTimeout(timer);
  }
}

/** Runs `quayside <words>`. */
export function runQuayside(words: readonly string[], options?: ProcessOptions): Promise<FinishedProcess> {
  return runProcess(process.execPath, [MAIN, ...words], options);
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const part of stream.setEncoding('utf8')) text += part;
  return text;
}
