// A Redis of a test's own, that can be killed and started again.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';
import { endProcess } from './product.ts';

const ANSWER_DEADLINE_MS = 20_000;

export interface TestRedis {
  readonly port: number;
  readonly url: string;
  /** Ends it at once, as a crash does. Nothing of it is kept. */
  kill(): Promise<void>;
  /** Lets it answer nothing, with its connections open, until `resume`. */
  pause(): void;
  resume(): void;
  /** Starts it again on the same port; resolves when it answers. */
  start(): Promise<void>;
  /** Ends it and removes what it wrote. */
  remove(): Promise<void>;
}

/** Resolves when it answers. Needs `redis-server` on the PATH. */
export async function startRedis(options: { readonly password?: string } = {}): Promise<TestRedis> {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'quayside-redis-'));
  const password = options.password === undefined ? [] : ['--requirepass', options.password];
  const words = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--dir',
    directory,
    ...password,
  ];
  const credential = options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`;
  const url = `redis://${credential}127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  const kill = async () => {
    if (child !== undefined) await endProcess(child, 'SIGKILL');
  };
  const start = async () => {
    child = spawn('redis-server', words, { stdio: 'ignore' });
    await once(child, 'spawn');
    await untilAnswering(url);
  };
  await start();
  return {
    port,
    url,
    kill,
    pause: () => child?.kill('SIGSTOP'),
    resume: () => child?.kill('SIGCONT'),
    start,
    async remove() {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function untilAnswering(url: string): Promise<void> {
  const redis = new Redis(url, { retryStrategy: () => 50, lazyConnect: true });
  redis.on('error', () => undefined);
  const timer = setTimeout(() => redis.disconnect(), ANSWER_DEADLINE_MS);
  try {
    await redis.ping();
  } finally {
    clearTimeout(timer);
    redis.disconnect();
  }
}
