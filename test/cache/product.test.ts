// The cache as users and administrators meet it: the product, its routes, a reload, a Redis.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Json, modern } from '../support/http-endpoint.ts';
import { metricSum } from '../support/metrics-text.ts';
import { type Product, startProduct } from '../support/product.ts';
import { redisCorner } from '../support/redis-corner.ts';
import { requires } from '../support/requires.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

const KEYS = { user: 'cache-test-key-user-0001', admin: 'cache-test-key-admin-001' };

const DEFINITION = `
name: cached
version: 1.0.0
tools:
  count: { description: Counts its calls., input: { of: string }, file: ./count.ts, annotations: { readOnlyHint: true } }
  write: { description: Writes., input: { of: string }, file: ./count.ts }
caching: { enabled: true, maxSize: 50 }
security:
  authentication:
    apiKeys:
      - { name: user, key: ${KEYS.user}, permissions: ["tools:*"] }
      - { name: admin, key: ${KEYS.admin}, permissions: ["*"] }
`;
/** Each worker has a module of its own; the file counts for all. */
const handler = (mark: string) => `
import { appendFileSync, readFileSync } from 'node:fs';
const file = new URL('./calls.txt', import.meta.url);
export default ({ of }: { of: string }) => {
  appendFileSync(file, 'x');
  return '${mark}' + of + readFileSync(file, 'utf8').length;
};
`;

test('P23 N10: a tool of a pack cannot be cached by time; naming it keeps the server from starting', async () => {
  const yaml =
    'name: x\nversion: 1.0.0\npacks: { code: { paths: [.] } }\ncaching: { tools: { search_code: { ttl: 60 } } }\n';
  const started = startProduct({ definition: { yaml } });
  await expect(started).rejects.toThrow(/:4:\d+ 'search_code' is a tool of a pack, .*remove this entry/);
});

function suite(env: () => Readonly<Record<string, string>>, backend: 'memory' | 'redis'): void {
  let workspace: Workspace;
  let product: Product;
  beforeAll(async () => {
    workspace = createWorkspace({ 'quayside.yaml': DEFINITION, 'count.ts': handler('a'), 'calls.txt': '' });
    product = await startProduct({ definition: { path: workspace.definition }, env: env() });
  }, 60_000);
  afterAll(async () => {
    await product?.stop();
    workspace?.remove();
  });

  const call = async (
    of: string,
    options: { readonly tool?: string; readonly meta?: Readonly<Record<string, unknown>> } = {},
  ) => {
    const { json, headers } = await modern(product.url, {
      method: 'tools/call',
      params: { name: options.tool ?? 'count', arguments: { of } },
      headers: { 'x-api-key': KEYS.user },
      meta: options.meta ?? {},
    });
    return {
      text: json.result.content[0].text,
      word: json.result._meta?.['quayside/cache'],
      header: headers.get('x-cache'),
    };
  };
  const admin = async (
    method: string,
    path: string,
    body?: unknown,
    key = KEYS.admin,
  ): Promise<{ status: number; json: Json }> => {
    const response = await fetch(`${product.origin}${path}`, {
      method,
      headers: { 'x-api-key': key, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, json: await response.json() };
  };

  test('P23 N1: the second call is served from the cache, that of a tool that writes is not', async () => {
    await expect.poll(async () => (await call('warm')).header).toBe('hit');
    const first = await call('x');
    const second = await call('x');
    expect([first.word, first.header, second.word, second.header]).toEqual(['miss', 'miss', 'hit', 'hit']);
    expect(second.text).toBe(first.text);
    const fresh = await call('x', { meta: { 'quayside/cacheControl': 'no-cache' } });
    expect([fresh.header, fresh.text === first.text]).toEqual(['bypass', false]);
    const written = [await call('x', { tool: 'write' }), await call('x', { tool: 'write' })];
    expect(written[0]?.text).not.toBe(written[1]?.text);
    expect(written.map(({ header }) => header)).toEqual([null, null]);
  });

  test('P23 P61: every call of a cached tool is counted by where its answer came from', async () => {
    const counts = async () => {
      const text = await (await fetch(`${product.origin}/metrics`)).text();
      return ['hit', 'miss', 'bypass'].map((result) =>
        metricSum(text, 'quayside_cache_total', { cache: 'response', result }),
      );
    };
    const before = await counts();
    for (const of of ['counted', 'counted', 'counted']) await call(of);
    await call('counted', { meta: { 'quayside/cacheControl': 'no-cache' } });
    await call('counted', { tool: 'write' });
    const after = await counts();
    expect(after.map((count, at) => count - (before[at] ?? 0))).toEqual([2, 1, 1]);
  });

  test('P23: administrators see and clear the cache of their tenant, others do not', async () => {
    await admin('POST', '/api/cache/clear', {});
    await call('one');
    await call('two');
    await call('two');
    const { status, json } = await admin('GET', '/api/cache/stats');
    expect([status, Object.keys(json)]).toEqual([200, ['stats', 'message']]);
    expect(json.stats).toEqual({
      backend,
      enabled: true,
      size: 2,
      max_size: 50,
      hits: expect.any(Number),
      misses: expect.any(Number),
      hit_rate: json.stats.hits / json.stats.total_requests,
      total_requests: json.stats.hits + json.stats.misses,
      evictions: 0,
    });
    expect((await admin('POST', '/api/cache/clear', { pattern: 'cached:other:*' })).json.cleared).toBe(0);
    expect((await admin('POST', '/api/cache/clear', { pattern: 'cached:count:*' })).json).toEqual({
      cleared: 2,
      message: '2 answers were removed.',
    });
    expect((await admin('DELETE', '/api/cache/key/cached:count:none')).json).toEqual({
      message: 'No answer has this key.',
      deleted: false,
    });
    expect((await call('two')).word).toBe('miss');
    const wrong = await admin('POST', '/api/cache/clear', { pattern: 7 });
    expect([wrong.status, wrong.json.error.message]).toEqual([400, expect.stringContaining('body.pattern')]);
    expect((await admin('GET', '/api/cache/stats', undefined, KEYS.user)).status).toBe(403);
  });

  test('P23 N10: after a reload nothing old is served', async () => {
    const before = await call('reloaded');
    expect((await call('reloaded')).word).toBe('hit');
    workspace.write('count.ts', handler('b'));
    await expect
      .poll(async () => (await call('reloaded')).text.startsWith('b'), { timeout: 10_000 })
      .toBe(true);
    expect(before.text.startsWith('a')).toBe(true);
    expect((await call('reloaded')).text.startsWith('b')).toBe(true);
  });
}

describe('memory', () => suite(() => ({}), 'memory'));

describe.skipIf(!(await requires.redis()))('Redis', () => {
  const corner = redisCorner();
  // The product's prefix is fixed: a database that no other test uses keeps it apart.
  const url = `${corner.url.replace(/\/\d*$/, '')}/13`;
  const forget = async () => {
    await corner.redis.select(13);
    const keys = await corner.redis.keys('quayside:cache:*');
    if (keys.length > 0) await corner.redis.del(...keys);
  };
  beforeAll(forget);
  afterAll(async () => {
    await forget();
    await corner.remove();
  });
  suite(() => ({ CACHE_REDIS_URL: url, CACHE_BACKEND: 'redis' }), 'redis');
});

test('P23: CACHE_ENABLED=false caches nothing', async () => {
  const product = await startProduct({
    definition: { yaml: DEFINITION.replaceAll('file: ./count.ts', 'http: GET http://127.0.0.1:9/') },
    env: { CACHE_ENABLED: 'false' },
  });
  const { headers } = await modern(product.url, {
    method: 'tools/call',
    params: { name: 'count', arguments: { of: 'x' } },
    headers: { 'x-api-key': KEYS.user },
  });
  await product.stop();
  expect(headers.get('x-cache')).toBeNull();
}, 60_000);

test('P23 P78: CACHE_ENABLED, CACHE_DEFAULT_TTL and CACHE_MAX_SIZE count where the definition says nothing', async () => {
  const workspace = createWorkspace({
    'quayside.yaml': DEFINITION.replace('caching: { enabled: true, maxSize: 50 }\n', ''),
    'count.ts': handler('a'),
    'calls.txt': '',
  });
  const product = await startProduct({
    definition: { path: workspace.definition },
    env: { CACHE_ENABLED: 'true', CACHE_DEFAULT_TTL: '3', CACHE_MAX_SIZE: '7' },
  });
  const word = async () => {
    const { headers } = await modern(product.url, {
      method: 'tools/call',
      params: { name: 'count', arguments: { of: 'x' } },
      headers: { 'x-api-key': KEYS.user },
    });
    return headers.get('x-cache');
  };
  const stats = await fetch(`${product.origin}/api/cache/stats`, { headers: { 'x-api-key': KEYS.admin } });
  const { stats: shown }: Json = await stats.json();
  expect([shown.max_size, await word(), await word()]).toEqual([7, 'miss', 'hit']);
  await expect.poll(word, { timeout: 15_000, interval: 200 }).toBe('miss');
  await product.stop();
  workspace.remove();
}, 60_000);
