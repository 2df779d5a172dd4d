// What every backend of the cache promises, over memory and Redis alike.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CacheBackend, CachePlace } from '../../src/gate/cache/backend.ts';
import { createMemoryBackend } from '../../src/gate/cache/memory-backend.ts';
import { createRedisBackend } from '../../src/gate/cache/redis-backend.ts';
import { freePort } from '../support/free-port.ts';
import { redisCorner } from '../support/redis-corner.ts';
import { requires } from '../support/requires.ts';

const place = (key: string, more: Partial<CachePlace> = {}): CachePlace => ({
  partition: 'a',
  slug: 's',
  key,
  entriesMax: 100,
  ...more,
});

function contract(open: () => CacheBackend): void {
  let backend: CacheBackend;
  const tags = ['server:s', 'tenant:a'];
  const keep = async (at: CachePlace, text: string, ttlMs = 60_000) => {
    const { versions } = await backend.look(at, tags);
    if (versions === undefined) throw new Error('the backend is lost');
    backend.keep(at, { text, versions, ttlMs });
    await expect.poll(async () => (await backend.look(at, tags)).text).toBe(text);
  };
  const textOf = async (at: CachePlace) => (await backend.look(at, tags)).text;

  beforeAll(async () => {
    backend = open();
    await vi.waitFor(async () => expect((await backend.look(place('ready'), tags)).versions).toBeDefined());
  });
  afterAll(() => backend.close());

  test('P23: keeps what it was given, byte for byte', async () => {
    await keep(place('s:t:1'), '{"a":"é\\u0000😀"}');
    expect(await textOf(place('s:t:2'))).toBeUndefined();
  });

  test('P23 N10: an answer is found in its own partition only', async () => {
    await keep(place('s:t:own'), 'mine');
    expect(await textOf(place('s:t:own', { partition: 'b' }))).toBeUndefined();
  });

  test('P23: an answer ends with its lifetime', async () => {
    await backend.look(place('s:t:short'), tags);
    await keep(place('s:t:short'), 'soon gone', 150);
    await expect.poll(() => textOf(place('s:t:short'))).toBeUndefined();
  });

  test('P23 N10: what was made before a change is never taken for new, however late it is stored', async () => {
    const at = place('s:t:late');
    await keep(at, 'old');
    const { versions = '' } = await backend.look(at, tags);
    await backend.outdate('tenant:a');
    expect(await textOf(at)).toBeUndefined();
    backend.keep(at, { text: 'late', versions, ttlMs: 60_000 });
    // A second answer that is kept after it shows that the first has arrived.
    await keep(place('s:t:after'), 'new');
    expect(await textOf(at)).toBeUndefined();
    await keep(at, 'new');
    expect(await textOf(at)).toBe('new');
  });

  test('P23: an answer of a changed server is gone, one of another is not', async () => {
    await keep(place('s:t:server'), 'x');
    await backend.outdate('server:other');
    expect(await textOf(place('s:t:server'))).toBe('x');
    await backend.outdate('server:s');
    expect(await textOf(place('s:t:server'))).toBeUndefined();
  });

  test('P23: no more answers than the server may keep', async () => {
    for (const number of [1, 2, 3, 4, 5])
      await keep(
        place(`s:t:${number}`, { partition: 'full', slug: 'full', entriesMax: 3 }),
        'x',
        60_000 + number,
      );
    await expect.poll(() => backend.count('full')).toBe(3);
    expect(backend.evictions('full')).toBe(2);
    expect(await textOf(place('s:t:1', { partition: 'full', slug: 'full', entriesMax: 3 }))).toBeUndefined();
  });

  test('P23: clears by key, within one partition', async () => {
    await keep(place('s:find:1', { partition: 'c' }), 'x');
    await keep(place('s:find:2', { partition: 'c' }), 'x');
    await keep(place('s:list:1', { partition: 'c' }), 'x');
    await keep(place('s:find:1', { partition: 'd' }), 'x');
    expect(await backend.count('c')).toBe(3);
    expect(await backend.clear('c', (key) => key.startsWith('s:find:'))).toBe(2);
    expect([await backend.count('c'), await backend.count('d')]).toEqual([1, 1]);
  });
}

describe('memory', () => {
  contract(() => createMemoryBackend({ now: () => performance.now() }));

  test('P23: 64 MiB are the most, whatever the number of answers', () => {
    let evicted = 0;
    const onEvict = (count: number) => {
      evicted += count;
    };
    const backend = createMemoryBackend({ now: () => 0, bytesMax: 1000, onEvict });
    for (const key of ['1', '2', '3'])
      backend.keep(place(key), { text: 'x'.repeat(200), versions: '', ttlMs: 1 });
    expect(backend.look(place('1'), [])).toMatchObject({ text: undefined });
    expect(backend.look(place('3'), [])).toMatchObject({ text: 'x'.repeat(200) });
    expect(evicted).toBe(1);
    backend.keep(place('huge'), { text: 'x'.repeat(2000), versions: '', ttlMs: 1 });
    expect(backend.look(place('huge'), [])).toMatchObject({ text: undefined });
  });
});

describe.skipIf(!(await requires.redis()))('Redis', () => {
  const corner = redisCorner();
  afterAll(() => corner.remove());
  contract(() => createRedisBackend({ url: corner.url, prefix: corner.prefix, onProblem: () => undefined }));

  test('P23: after Redis forgot a tag, nothing old seems to hold', async () => {
    const prefix = `${corner.prefix}forgetful:`;
    const backend = createRedisBackend({ url: corner.url, prefix, onProblem: () => undefined });
    await expect.poll(async () => (await backend.look(place('k'), ['t'])).versions).toBeDefined();
    const { versions = '' } = await backend.look(place('k'), ['t']);
    backend.keep(place('k'), { text: 'old', versions, ttlMs: 60_000 });
    await expect.poll(async () => (await backend.look(place('k'), ['t'])).text).toBe('old');
    await backend.outdate('t');
    await corner.redis.del(`${prefix}t:t`);
    expect((await backend.look(place('k'), ['t'])).text).toBeUndefined();
    await backend.close();
  });
});

test('P23: a Redis that is not there is a miss, never an error', async () => {
  const problems: (Error | undefined)[] = [];
  const backend = createRedisBackend({
    url: `redis://127.0.0.1:${await freePort()}`,
    onProblem: (error) => problems.push(error),
  });
  expect(await backend.look(place('k'), ['t'])).toEqual({ text: undefined, versions: undefined });
  backend.keep(place('k'), { text: 'x', versions: '', ttlMs: 1000 });
  expect(await backend.look(place('k'), ['t'])).toEqual({ text: undefined, versions: undefined });
  expect(problems).toHaveLength(1);
  await expect(backend.outdate('t')).rejects.toThrow();
  await backend.close();
});
