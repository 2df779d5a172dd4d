// Keys claimed and completed per second, and cached answers looked up, over every store and backend:
// `node bench/micro/once.ts [seconds]`.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { CacheBackend } from '../../src/gate/cache/backend.ts';
import { createMemoryBackend } from '../../src/gate/cache/memory-backend.ts';
import { createRedisBackend } from '../../src/gate/cache/redis-backend.ts';
import { createKeyKeeper } from '../../src/gate/idempotency/key-keeper.ts';
import { openStore, type StoreAddress } from '../../src/store/open-store.ts';

const seconds = Number(process.argv[2] ?? 3);
const CALLERS = 64;
const POSTGRES = process.env.QUAYSIDE_TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test';
const REDIS = process.env.QUAYSIDE_TEST_REDIS_URL ?? 'redis://127.0.0.1:6379';

/** Runs `work` in a loop by many callers; prints and answers rounds per second. */
async function rate(name: string, work: () => Promise<void>): Promise<void> {
  const endsAt = performance.now() + seconds * 1000;
  let rounds = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (performance.now() < endsAt) {
        await work();
        rounds++;
      }
    }),
  );
  const perSecond = Math.round((rounds / (performance.now() - startedAt)) * 1000);
  console.log(`${name}: ${perSecond.toLocaleString('en')} /s at ${CALLERS} callers`);
}

async function keys(name: string, address: StoreAddress): Promise<void> {
  const store = await openStore(address);
  const keeper = createKeyKeeper({
    store,
    now: Date.now,
    ttlMs: 3_600_000,
    onProblem(error) {
      throw error;
    },
  });
  const claim = {
    tenantId: 'default',
    operation: 'bench/create',
    hash: 'a'.repeat(64),
    requestId: 'bench',
    principal: 'bench',
    leaseMs: 60_000,
  };
  const attempt = {
    args: {},
    principal: {
      type: 'key',
      id: 'bench',
      name: 'bench',
      tenantId: 'default',
      roles: [],
      permissions: [],
    },
  } as const;
  const outcome = { ok: true, result: { content: [{ type: 'text', text: 'created 4711' }] } } as const;
  await rate(`${name}, claim and completion`, async () => {
    const admission = await keeper.admit({ claim: { ...claim, key: randomUUID() }, waitMs: 1000, attempt });
    if (!('run' in admission)) throw new Error('a new key was not free');
    await keeper.finish(admission.run, outcome, 'definite');
  });
  const known = randomUUID();
  const first = await keeper.admit({ claim: { ...claim, key: known }, waitMs: 1000, attempt });
  if ('run' in first) await keeper.finish(first.run, outcome, 'definite');
  await rate(`${name}, replay`, async () => {
    await keeper.admit({ claim: { ...claim, key: known }, waitMs: 1000, attempt });
  });
  await store.close();
}

async function cached(name: string, backend: CacheBackend): Promise<void> {
  const place = { partition: 'default', slug: 'bench', key: 'bench:find:1', entriesMax: 1000 };
  const tags = ['server:bench', 'tenant:default'];
  while ((await backend.look(place, tags)).versions === undefined) await new Promise(setImmediate);
  const { versions = '' } = await backend.look(place, tags);
  backend.keep(place, { text: JSON.stringify({ content: [] }), versions, ttlMs: 60_000 });
  await rate(`${name}, look-up`, async () => {
    await backend.look(place, tags);
  });
  await backend.clear('default', () => true);
  await backend.close();
}

const directory = mkdtempSync(join(tmpdir(), 'quayside-bench-'));
await keys('SQLite', { kind: 'sqlite', path: join(directory, 'quayside.db') });
rmSync(directory, { recursive: true });

const database = `quayside_bench_${randomBytes(4).toString('hex')}`;
const administrator = new pg.Client({ connectionString: POSTGRES });
await administrator.connect();
await administrator.query(`CREATE DATABASE ${database}`);
const url = new URL(POSTGRES);
url.pathname = `/${database}`;
await keys('PostgreSQL', { kind: 'postgres', url: url.href });
await administrator.query(`DROP DATABASE ${database} WITH (FORCE)`);
await administrator.query(`DROP ROLE IF EXISTS ${database}_app`);
await administrator.end();

await cached('memory', createMemoryBackend({ now: () => performance.now() }));
await cached('Redis', createRedisBackend({ url: REDIS, prefix: `${database}:`, onProblem: () => undefined }));
