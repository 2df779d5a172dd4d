// Figures of the rate limiter: `node bench/limits/measure.ts [seconds]`.
// Checks per second of each backend at 16 callers, what three processes admit beyond a limit that they share, and the
// memory that counters take per million keys. Redis: a server of its own, when `redis-server` is on the PATH; PostgreSQL:
// when BENCH_POSTGRES_URL names an empty database.
import { fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { LimitBackend } from '../../src/gate/limits/backend.ts';
import { Bucket, BucketRule, type LimitRule } from '../../src/gate/limits/bucket.ts';
import { BUCKETS_MAX, BucketTable } from '../../src/gate/limits/bucket-table.ts';
import { createMemoryBackend } from '../../src/gate/limits/memory-backend.ts';
import { createPostgresBackend } from '../../src/gate/limits/postgres-backend.ts';
import { createRedisBackend } from '../../src/gate/limits/redis/redis-backend.ts';
import { openStore } from '../../src/store/open-store.ts';

/** Few enough to show the cost of a check and not of a queue. */
const CALLERS = 16;
const PROCESSES = 3;
const SHARED_LIMIT = 1000;
const SHARED_CALLS = 10_000;
const MILLION = 1_000_000;

interface Opened {
  readonly backend: LimitBackend;
  close(): Promise<void>;
}

const { positionals } = parseArgs({ allowPositionals: true });
const [first = '1', address = ''] = positionals;
if (first === 'admit') await admit(address);
else await measureAll(Number(first));

async function measureAll(seconds: number): Promise<void> {
  await speed(
    'memory',
    createMemoryBackend(() => performance.now()),
    seconds,
  );
  if (spawnSync('which', ['redis-server']).status === 0) {
    const redis = await startRedis();
    await untilAnswering(redis.url);
    await measureShared('redis', redis.url, seconds);
    redis.stop();
  }
  const postgres = process.env.BENCH_POSTGRES_URL;
  if (postgres !== undefined) await measureShared('postgresql', postgres, seconds);
  keys('fixed window', { strategy: 'fixed-window', limit: { window: 60_000, maxRequests: 100 } }, 1);
  keys('exact, 1 call each', { strategy: 'sliding-window', limit: { window: 60_000, maxRequests: 100 } }, 1);
  keys(
    'exact, 100 calls each',
    { strategy: 'sliding-window', limit: { window: 60_000, maxRequests: 100 } },
    100,
  );
  keys('slices', { strategy: 'sliding-window', limit: { window: 60_000, maxRequests: 10_000 } }, 1);
}

async function measureShared(name: string, url: string, seconds: number): Promise<void> {
  const { backend, close } = await open(url);
  await backend.probe();
  await speed(name, backend, seconds);
  await close();
  const admitted = await Promise.all(Array.from({ length: PROCESSES }, () => admitElsewhere(url)));
  const sum = admitted.reduce((total, one) => total + one, 0);
  const over = ((sum - SHARED_LIMIT) / SHARED_LIMIT) * 100;
  console.log(
    `${name}, ${PROCESSES} processes at a limit of ${SHARED_LIMIT}: ${sum} admitted, ${over.toFixed(2)} % over`,
  );
}

/** Three limits a call, as a governed call has: server, principal, tool. */
async function speed(name: string, backend: LimitBackend, seconds: number): Promise<void> {
  const latencies: number[] = [];
  let checks = 0;
  const end = performance.now() + seconds * 1000;
  const caller = async (index: number): Promise<void> => {
    const wanted = [
      bucket('server', '*', { limit: { window: 60_000, maxRequests: 100_000_000 } }),
      bucket('principal', `key-${index}`, { limit: { window: 100, maxRequests: 1000 } }),
      bucket('tool', 'echo', {
        limit: { window: 60_000, maxRequests: 100_000_000 },
        strategy: 'fixed-window',
      }),
    ];
    while (performance.now() < end) {
      const from = performance.now();
      const decision = backend.take(wanted, 1);
      if (decision instanceof Promise) await decision;
      // What answers at once must leave the other callers their turn.
      else if (checks % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
      checks++;
      if (checks % 16 === 0) latencies.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, (_, index) => caller(index)));
  latencies.sort((one, other) => one - other);
  const p99 = latencies[Math.floor(latencies.length * 0.99)] ?? 0;
  console.log(
    `${name}, ${CALLERS} callers, 3 limits: ${Math.round(checks / seconds)} checks/s, p99 ${p99.toFixed(3)} ms`,
  );
}

function bucket(scope: LimitRule['scope'], key: string, more: Partial<LimitRule>): Bucket {
  return new Bucket(new BucketRule(ruleOf({ scope, ...more })), key);
}

function ruleOf(more: Partial<LimitRule>): LimitRule {
  return {
    scope: 'principal',
    server: 'bench',
    limit: { window: 60_000, maxRequests: SHARED_LIMIT },
    strategy: 'sliding-window',
    strict: true,
    ...more,
  };
}

/** In a process of its own: asks as often as all are asked together, and says how many were admitted. */
async function admit(url: string): Promise<void> {
  const { backend, close } = await open(url);
  await backend.probe();
  const wanted = [bucket('principal', 'shared', {})];
  let admitted = 0;
  const caller = async (): Promise<void> => {
    for (let call = 0; call < SHARED_CALLS / PROCESSES / CALLERS; call++)
      if ((await backend.take(wanted, 1)).admitted) admitted++;
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  await close();
  process.send?.(admitted);
  process.disconnect();
}

async function admitElsewhere(url: string): Promise<number> {
  const child = fork(fileURLToPath(import.meta.url), ['admit', url]);
  const [admitted] = await once(child, 'message');
  return Number(admitted);
}

async function open(url: string): Promise<Opened> {
  if (url.startsWith('redis:')) {
    const backend = createRedisBackend({ url, prefix: 'bench:' });
    return { backend, close: () => backend.close() };
  }
  const store = await openStore({ kind: 'postgres', url });
  const backend = createPostgresBackend(store);
  return {
    backend,
    async close() {
      await backend.close();
      await store.close();
    },
  };
}

/** As many tables as a million keys need; the product keeps no more than one table's worth per limit. */
function keys(title: string, more: Partial<LimitRule>, calls: number): void {
  const amount = calls > 10 ? MILLION / 10 : MILLION;
  globalThis.gc?.();
  const before = process.memoryUsage();
  const tables = Array.from(
    { length: amount / BUCKETS_MAX },
    () => new BucketTable(new BucketRule(ruleOf(more)), () => 1),
  );
  for (let key = 0; key < amount; key++) {
    const { window } = tables[key % tables.length]?.of(`203.0.${key >> 8}.${key & 255}:${key}`) ?? {};
    window?.take(1, calls);
  }
  globalThis.gc?.();
  const after = process.memoryUsage();
  const bytes = after.heapUsed + after.external - before.heapUsed - before.external;
  const held = tables.reduce((sum, table) => sum + table.size, 0);
  console.log(
    `${title}: ${(((bytes / held) * MILLION) / 1024 / 1024).toFixed(0)} MiB per million keys; at most ${BUCKETS_MAX} are kept per limit`,
  );
}

async function startRedis(): Promise<{ readonly url: string; stop(): void }> {
  const server = createServer().listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const found = server.address();
  const port = typeof found === 'object' && found !== null ? found.port : 0;
  server.close();
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--save', ''];
  const child = spawn('redis-server', words, { stdio: 'ignore' });
  await once(child, 'spawn');
  return { url: `redis://127.0.0.1:${port}`, stop: () => child.kill('SIGKILL') };
}

/** A server that has just been started refuses its first connections. */
async function untilAnswering(url: string): Promise<void> {
  const { backend, close } = await open(url);
  for (let attempt = 1; ; attempt++) {
    try {
      await backend.probe();
      break;
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
  await close();
}
