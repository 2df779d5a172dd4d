// Limits that several real servers count together in one Redis, and what happens when it is gone.
import { afterEach, describe, expect, test } from 'vitest';
import { type Caller, countStatuses, createCaller } from '../support/calls.ts';
import { freePort } from '../support/free-port.ts';
import { metricSum } from '../support/metrics-text.ts';
import { createPostgresDatabase } from '../support/postgres-database.ts';
import { type Product, startProduct } from '../support/product.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { requires } from '../support/requires.ts';
import { asAdministrator } from '../support/store.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

const KEY = 'shared-limits-test-key-0123456789';
const definition = (rateLimit: string) => `
name: shared
version: 1.0.0
tools:
  echo: { description: Echo., input: {}, annotations: { readOnlyHint: true }, handler: { type: file, path: ./echo.ts, isolation: inprocess } }
security:
  authentication: { apiKeys: [{ name: a, key: ${KEY} }] }
  rateLimit: ${rateLimit}
`;

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

async function redisOf(options: { readonly password?: string } = {}): Promise<TestRedis> {
  const redis = await startRedis(options);
  cleanUp.push(() => redis.remove());
  return redis;
}

async function serve(
  rateLimit: string,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly product: Product; readonly caller: Caller }> {
  const workspace: Workspace = createWorkspace({
    'quayside.yaml': definition(rateLimit),
    'echo.ts': 'export default () => "here";\n',
  });
  const product = await startProduct({ definition: { path: workspace.definition }, env });
  const caller = createCaller(product.url, { key: KEY });
  cleanUp.push(
    () => workspace.remove(),
    () => product.stop(),
    () => caller.close(),
  );
  return { product, caller };
}

async function health({ origin }: Product): Promise<{ readonly status?: string }> {
  const answer = await fetch(`${origin}/health/rate_limit`);
  return JSON.parse(await answer.text());
}

async function backendUp({ origin }: Product): Promise<number> {
  const text = await (await fetch(`${origin}/metrics`)).text();
  expect(text).toContain('quayside_rate_limit_backend_up{backend="redis"}');
  return metricSum(text, 'quayside_rate_limit_backend_up', { backend: 'redis' });
}

const CALLERS = 16;

/** `rounds` calls of sixteen callers each: what waits in a server is no time of the counters, whose answers are timed. */
async function callAll(
  servers: readonly { readonly caller: Caller }[],
  rounds: number,
): Promise<Awaited<ReturnType<Caller['call']>>[]> {
  const callers = servers.flatMap(({ caller }) => Array.from({ length: CALLERS }, () => caller));
  const answers = [];
  for (let round = 0; round < rounds; round++)
    answers.push(...(await Promise.all(callers.map((caller) => caller.call('echo')))));
  return answers;
}

describe.skipIf(!requires.tool('redis-server'))('limits in Redis', () => {
  test.each(['sliding-window', 'fixed-window'])(
    'P19 N9: three servers on one Redis admit the limit together, at most 1 % more (%s)',
    async (strategy) => {
      const redis = await redisOf();
      const limit = 600;
      const rateLimit = `{ strategy: ${strategy}, window: 600000, maxRequests: ${limit} }`;
      const servers = await Promise.all([1, 2, 3].map(() => serve(rateLimit, { REDIS_URL: redis.url })));
      const answers = await callAll(servers, 32);
      const counted = countStatuses(answers);
      expect(counted[200]).toBeGreaterThanOrEqual(limit);
      expect(counted[200]).toBeLessThanOrEqual(limit * 1.01);
      expect((counted[200] ?? 0) + (counted[429] ?? 0)).toBe(3 * CALLERS * 32);
      for (const { product } of servers)
        expect(await health(product)).toMatchObject({ status: 'healthy', metadata: { backend: 'redis' } });
    },
    120_000,
  );

  test('P19 G7: Redis is killed and started again under load: no call fails, limits go on, health says so', async () => {
    const redis = await redisOf();
    const limit = 400;
    const { product, caller } = await serve(`{ window: 600000, maxRequests: ${limit} }`, {
      REDIS_URL: redis.url,
    });
    const statuses: number[] = [];
    let slowestMs = 0;
    let isLoaded = true;
    const load = Array.from({ length: 4 }, async () => {
      while (isLoaded) {
        const from = performance.now();
        statuses.push((await caller.call('echo')).status);
        slowestMs = Math.max(slowestMs, performance.now() - from);
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const admitted = () => statuses.filter((status) => status === 200).length;
    await expect.poll(admitted, { timeout: 20_000, interval: 5 }).toBeGreaterThan(limit / 4);
    await redis.kill();
    await expect.poll(async () => (await health(product)).status, { timeout: 20_000 }).toBe('degraded');
    await redis.start();
    const from = performance.now();
    await expect
      .poll(async () => (await health(product)).status, { timeout: 20_000, interval: 50 })
      .toBe('healthy');
    expect(performance.now() - from).toBeLessThan(10_000);
    await expect
      .poll(() => statuses.filter((status) => status === 429).length, { timeout: 20_000 })
      .toBeGreaterThan(50);
    isLoaded = false;
    await Promise.all(load);
    // Redis came back empty, yet nobody got a fresh allowance; calls under way when it died may count twice.
    expect(admitted()).toBeLessThanOrEqual(limit * 1.01);
    expect(admitted()).toBeGreaterThanOrEqual(limit * 0.98);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    expect(slowestMs).toBeLessThan(5000);
    await expect.poll(() => product.log()).toContain('shared counters of the limits are lost');
  }, 120_000);

  test('P19 G7: a Redis that is there and does not answer holds no call up for long', async () => {
    const redis = await redisOf();
    const { product, caller } = await serve('{ window: 600000, maxRequests: 4 }', { REDIS_URL: redis.url });
    expect((await caller.call('echo')).status).toBe(200);
    redis.pause();
    const from = performance.now();
    const answers = await Promise.all(Array.from({ length: 6 }, () => caller.call('echo')));
    expect(performance.now() - from).toBeLessThan(5000);
    expect(countStatuses(answers)).toEqual({ 200: 3, 429: 3 });
    await expect
      .poll(async () => (await health(product)).status, { timeout: 20_000, interval: 100 })
      .toBe('degraded');
    redis.resume();
    const resumed = performance.now();
    await expect
      .poll(async () => (await health(product)).status, { timeout: 20_000, interval: 100 })
      .toBe('healthy');
    expect(performance.now() - resumed).toBeLessThan(10_000);
    expect((await caller.call('echo')).status).toBe(429);
  }, 120_000);

  test('P19: without Redis at the start the server serves and counts on its own; open and closed do as they say', async () => {
    const env = { REDIS_URL: `redis://127.0.0.1:${await freePort()}` };
    const few = (caller: Caller) =>
      Promise.all(Array.from({ length: 6 }, () => caller.call('echo'))).then(countStatuses);
    const alone = await serve('{ maxRequests: 2 }', env);
    expect(await few(alone.caller)).toEqual({ 200: 2, 429: 4 });
    expect(await backendUp(alone.product)).toBe(0);
    expect(await few((await serve('{ maxRequests: 2, onBackendError: open }', env)).caller)).toEqual({
      200: 6,
    });
    const closed = await serve('{ maxRequests: 2, onBackendError: closed }', env);
    expect(await few(closed.caller)).toEqual({ 503: 6 });
    const refused = await closed.caller.call('echo');
    expect([refused.headers['retry-after'], refused.json.error.code]).toEqual(['1', 5030]);
  }, 120_000);

  test('P78: REDIS_HOST, REDIS_PORT and REDIS_PASSWORD name the same as REDIS_URL', async () => {
    const redis = await redisOf({ password: 'p@ss/word' });
    const parts = { REDIS_HOST: '127.0.0.1', REDIS_PORT: String(redis.port) };
    const limit = '{ window: 600000, maxRequests: 3 }';
    const first = await serve(limit, { ...parts, REDIS_PASSWORD: 'p@ss/word' });
    expect(await health(first.product)).toMatchObject({ status: 'healthy' });
    expect((await first.caller.call('echo')).status).toBe(200);
    const url = `redis://127.0.0.1:${redis.port}`;
    const second = await serve(limit, { REDIS_URL: url, REDIS_PASSWORD: 'p@ss/word' });
    const { headers } = await second.caller.call('echo');
    expect(headers['x-ratelimit-remaining']).toBe('1');
    const wrong = await serve(limit, { ...parts, REDIS_PASSWORD: 'planted-wrong' });
    expect(await health(wrong.product)).toMatchObject({ status: 'degraded' });
    expect(await wrong.product.wholeLog()).not.toContain('planted-wrong');
  }, 120_000);
});

describe.skipIf(!(await requires.postgres()))('limits in PostgreSQL', () => {
  async function database() {
    const made = await createPostgresDatabase();
    cleanUp.push(() => made.remove());
    return made;
  }

  test('P19 P78: with QUAYSIDE_REPLICAS, three servers on one PostgreSQL admit the limit together', async () => {
    const limit = 150;
    const env = { DATABASE_URL: (await database()).url, QUAYSIDE_REPLICAS: '3' };
    const rateLimit = `{ window: 600000, maxRequests: ${limit} }`;
    const servers: Awaited<ReturnType<typeof serve>>[] = [];
    for (let replica = 0; replica < 3; replica++) servers.push(await serve(rateLimit, env));
    const counted = countStatuses(await callAll(servers, 6));
    expect(counted).toEqual({ 200: limit, 429: 3 * CALLERS * 6 - limit });
    for (const { product } of servers)
      expect(await health(product)).toMatchObject({ metadata: { backend: 'postgresql' } });
  }, 120_000);

  test('P19 G7: where PostgreSQL is lost, limits go on; a single server does not ask it', async () => {
    const { url, name } = await database();
    const env = { DATABASE_URL: url };
    const alone = await serve('{ window: 600000, maxRequests: 6 }', env);
    expect(await health(alone.product)).toMatchObject({ metadata: { backend: 'memory' } });
    const { product, caller } = await serve('{ window: 600000, maxRequests: 6 }', {
      ...env,
      QUAYSIDE_REPLICAS: '2',
    });
    expect((await caller.call('echo')).status).toBe(200);
    await asAdministrator(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await asAdministrator(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
    const answers = await Promise.all(Array.from({ length: 10 }, () => caller.call('echo')));
    expect(countStatuses(answers)).toEqual({ 200: 5, 429: 5 });
    await expect
      .poll(async () => (await health(product)).status, { timeout: 20_000, interval: 100 })
      .toBe('degraded');
    await asAdministrator(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    await expect
      .poll(async () => (await health(product)).status, { timeout: 20_000, interval: 100 })
      .toBe('healthy');
    expect((await caller.call('echo')).status).toBe(429);
  }, 120_000);
});

test('P78: QUAYSIDE_REPLICAS without anything to share says that each counts on its own', async () => {
  const { product } = await serve('{ maxRequests: 3 }', { QUAYSIDE_REPLICAS: '3' });
  await expect
    .poll(() => product.log(), { timeout: 10_000 })
    .toContain('Each replica counts limits on its own');
}, 60_000);
