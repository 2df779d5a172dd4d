// One server under measurement: its own process, started, waited for, stopped.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LoadRequest } from './load/job.ts';
import { spawnAnywhere, spawnOnServerCore } from './pinning.ts';
import { scratchFolder } from './scratch.ts';

/** Longest start we wait for; the slowest (a 300 MB binary from a cold disk) needs a few seconds. */
const startWithinMs = 30_000;
/** How often a starting server is asked; short, because the time to the first answer is one of the figures. */
const askEveryMs = 5;
/** How long a server may take to stop before it is killed. */
const stopWithinMs = 10_000;

/** The bench folder, with a trailing separator. */
export const benchFolder: string = fileURLToPath(new URL('.', import.meta.url));

/** How to start one server and what to ask it. */
export interface Contender {
  readonly name: string;
  readonly requests: readonly LoadRequest[];
  /** The command line for a port. */
  command(port: number): readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Not kept to the one core of servers: for what a thread beside the main one is worth. */
  readonly usesAllCores?: boolean;
}

export interface Server {
  readonly contender: Contender;
  readonly port: number;
  readonly pid: number;
  /** From starting the process to the first right answer. */
  readonly firstAnswerMs: number;
  stop(): Promise<void>;
}

/** Starts a contender on a free port and waits for its first right answer. Throws with its output when none comes. */
export async function startServer(contender: Contender): Promise<Server> {
  const port = await freePort();
  const started = performance.now();
  // A file, as a log collector would be: what a server writes per call is part of its cost.
  const logPath = join(scratchFolder, `${contender.name}-${port}.log`);
  const log = openSync(logPath, 'a');
  const start = contender.usesAllCores === true ? spawnAnywhere : spawnOnServerCore;
  const child = start(contender.command(port), {
    cwd: benchFolder,
    env: { ...process.env, ...contender.env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  try {
    await waitForAnswer({ contender, port, child });
  } catch (error) {
    child.kill('SIGKILL');
    const complaint = readFileSync(logPath, 'utf8').slice(-4000);
    throw new Error(`${contender.name} did not start\n${complaint}`, { cause: error });
  }
  const firstAnswerMs = performance.now() - started;
  return { contender, port, pid: child.pid ?? 0, firstAnswerMs, stop: () => stop(child) };
}

async function waitForAnswer(asked: {
  contender: Contender;
  port: number;
  child: ChildProcess;
}): Promise<void> {
  const { contender, port, child } = asked;
  const deadline = performance.now() + startWithinMs;
  for (;;) {
    const answer = await askOnce(contender, port);
    if (answer === 'right') return;
    if (child.exitCode !== null) throw new Error(`ended with exit code ${child.exitCode}`);
    if (performance.now() > deadline)
      throw new Error(`no right answer within ${startWithinMs} ms; last: ${answer}`);
    await sleep(askEveryMs);
  }
}

/** Asks through fetch, which is independent of the load generator's own reading of HTTP. */
async function askOnce(contender: Contender, port: number): Promise<string> {
  const [request] = contender.requests;
  if (request === undefined) throw new Error(`${contender.name} has no requests`);
  const [head = '', body = ''] = request.bytes.split('\r\n\r\n');
  const [requestLine = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(lines.map((line) => line.split(/: (.*)/s).slice(0, 2)));
  const { host: _host, 'content-length': _length, ...sent } = headers;
  try {
    const path = requestLine.split(' ')[1] ?? '/';
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers: sent, body });
    const text = await response.text();
    return response.ok && text.includes(request.expected)
      ? 'right'
      : `${response.status} ${text.slice(0, 500)}`;
  } catch (error) {
    return String(error);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
  await ended;
  clearTimeout(timer);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  probe.close();
  await once(probe, 'close');
  return address.port;
}
