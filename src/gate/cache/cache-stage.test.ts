import { expect, test } from 'vitest';
import { testDefinition } from '../../../test/support/definition.ts';
import type { JsonObject, Operation, Outcome, Principal, ToolResult } from '../../tool.ts';
import { runOperation } from '../pipeline.ts';
import type { Target } from '../stage.ts';
import type { CacheOverrides } from './cache-settings.ts';
import { cacheStage } from './cache-stage.ts';
import { createMemoryBackend } from './memory-backend.ts';
import { createResponseCache } from './response-cache.ts';

const principal = (id: string, tenantId: string): Principal => ({
  type: 'key',
  id,
  name: id,
  tenantId,
  roles: [],
  permissions: [],
});
const ANN = principal('ann', 'a');
const AMY = principal('amy', 'a');
const BOB = principal('bob', 'b');
const EVERYBODY = [ANN, AMY, BOB];

const TARGET: Target = {
  kind: 'tool',
  name: 'find',
  permission: { anyOf: [], allOf: [] },
  tool: {
    name: 'find',
    listedName: 'find',
    description: '',
    inputSchema: { type: 'object' },
    annotations: { readOnlyHint: true },
    tags: [],
    timeoutMs: 1000,
    permissions: [],
  },
};

function fixture(
  settings: {
    readonly cache?: object;
    readonly caching?: object;
    readonly overrides?: CacheOverrides;
    readonly handler?: object;
    readonly readOnly?: boolean;
  } = {},
) {
  const tool = {
    name: 'find',
    description: 'Finds.',
    inputSchema: { type: 'object' },
    handler: settings.handler ?? { type: 'http', url: 'https://example.com', method: 'GET' },
    ...(settings.cache === undefined ? {} : { cache: settings.cache }),
  };
  const definition = testDefinition({
    slug: 's',
    tools: [tool],
    ...(settings.caching === undefined ? {} : { caching: settings.caching }),
  });
  let now = 0;
  const counted: string[] = [];
  const cache = createResponseCache({
    backend: createMemoryBackend({ now: () => now }),
    overrides: settings.overrides ?? {},
    counted: (word) => counted.push(word),
    onProblem: (error) => {
      throw error;
    },
  });
  const target =
    settings.readOnly === false && TARGET.tool !== undefined
      ? { ...TARGET, tool: { ...TARGET.tool, annotations: {} } }
      : TARGET;
  const stage = cacheStage(cache).prepare(target, { slug: 's', definition });
  let runs = 0;
  const call = async (
    who: Principal,
    options: {
      readonly args?: JsonObject;
      readonly meta?: JsonObject;
      readonly run?: () => Promise<unknown>;
    } = {},
  ) => {
    const answerHeaders: Record<string, string> = {};
    const operation = {
      principal: who,
      args: options.args ?? {},
      meta: options.meta,
      answerHeaders,
    } as unknown as Operation;
    const outcome = await runOperation(
      { stages: stage === undefined ? [] : [stage] },
      operation,
      async () => {
        runs++;
        return options.run === undefined
          ? { content: [{ type: 'text', text: String(runs) }] }
          : options.run();
      },
    );
    return { ...parse(outcome), header: answerHeaders['x-cache'] };
  };
  return {
    cache,
    counted,
    call,
    isCached: stage !== undefined,
    runs: () => runs,
    pass(ms: number) {
      now += ms;
    },
  };
}

function parse(outcome: Outcome): {
  readonly text: unknown;
  readonly word: unknown;
  readonly result: ToolResult;
} {
  if (!outcome.ok) return { text: outcome.error.message, word: undefined, result: { content: [] } };
  const result = outcome.result as ToolResult;
  return { text: result.content[0]?.text, word: result._meta?.['quayside/cache'], result };
}

test('P23 N1: the second call is served from the cache until its lifetime ends', async () => {
  const { call, pass } = fixture({ cache: { enabled: true, ttl: 10 } });
  expect(await call(ANN)).toMatchObject({ text: '1', word: 'miss', header: 'miss' });
  expect(await call(ANN)).toMatchObject({ text: '1', word: 'hit', header: 'hit' });
  expect(await call(ANN, { args: { other: 1 } })).toMatchObject({ text: '2', word: 'miss' });
  pass(10_001);
  expect(await call(ANN)).toMatchObject({ text: '3', word: 'miss' });
});

test.each([
  ['tenant', [[0, 1], [0, 1], [2]]],
  ['principal', [[0], [1], [2]]],
  [
    'public',
    [
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2],
    ],
  ],
])('P23 N10: with vary %s, every pair of callers shares just what it may', async (vary, shares) => {
  for (const [first, owner] of EVERYBODY.entries()) {
    for (const [second, other] of EVERYBODY.entries()) {
      const { call } = fixture({ cache: { enabled: true, vary } });
      await call(owner);
      const { word } = await call(other);
      const mayShare = first === second || (shares[first]?.includes(second) ?? false);
      expect([owner.id, other.id, word]).toEqual([owner.id, other.id, mayShare ? 'hit' : 'miss']);
    }
  }
});

test('P23 N10: a tool whose code is told who calls keeps callers apart unless it says otherwise', async () => {
  const handler = { type: 'file', path: 'find.ts' };
  const { call } = fixture({ caching: { enabled: true }, handler });
  await call(ANN);
  expect((await call(AMY)).word).toBe('miss');
  const blind = fixture({ caching: { enabled: true } });
  await blind.call(ANN);
  expect((await blind.call(AMY)).word).toBe('hit');
});

test('P23 N10: what one caller does to its answer, nobody else sees', async () => {
  const { call } = fixture({ cache: { enabled: true } });
  const nested = async () => ({
    content: [{ type: 'text', text: 'good' }],
    structuredContent: { list: [1] },
  });
  for (const round of [1, 2, 3]) {
    const { result, text } = await call(ANN, { run: nested });
    expect([round, text, result.structuredContent]).toEqual([round, 'good', { list: [1] }]);
    Object.assign(result.content[0] ?? {}, { text: 'bad' });
    Object.assign(result.structuredContent ?? {}, { list: ['bad'] });
  }
});

test('P23 N10: after a change in its tenant or a reload of its server an answer is made anew', async () => {
  const { call, cache } = fixture({ cache: { enabled: true } });
  await call(ANN);
  await call(BOB);
  await cache.corpusChanged('a');
  expect([(await call(ANN)).word, (await call(BOB)).word]).toEqual(['miss', 'hit']);
  await cache.reloaded('s');
  expect([(await call(ANN)).word, (await call(BOB)).word]).toEqual(['miss', 'miss']);
});

test('P23 N10: an answer that was under way while its corpus changed is not kept', async () => {
  const { call, cache } = fixture({ cache: { enabled: true } });
  await call(ANN, {
    async run() {
      await cache.corpusChanged('a');
      return { content: [{ type: 'text', text: 'of before' }] };
    },
  });
  expect(await call(ANN)).toMatchObject({ text: '2', word: 'miss' });
});

test.each([
  ['a failed result', async () => ({ content: [], isError: true })],
  ['a thrown error', async () => Promise.reject(new Error('down'))],
  ['a result that forbids it', async () => ({ content: [], _meta: { noStore: true } })],
])('P23 N11: %s is never cached', async (_name, run) => {
  const { call } = fixture({ cache: { enabled: true } });
  await call(ANN, { run });
  expect(await call(ANN)).toMatchObject({ text: '2', word: 'miss' });
  expect(await call(ANN)).toMatchObject({ text: '2', word: 'hit' });
});

test('P23: many callers at once make one call', async () => {
  const { call, runs, cache } = fixture({ cache: { enabled: true } });
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const calls = Array.from({ length: 50 }, () => call(ANN, { run: () => promise }));
  resolve({ content: [{ type: 'text', text: 'shared' }] });
  const answers = await Promise.all(calls);
  expect(runs()).toBe(1);
  expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['shared']));
  expect(new Set(answers.map(({ result }) => result)).size).toBe(50);
  expect(await cache.stats('a')).toMatchObject({ hits: 49, misses: 1 });
});

test('P23 N11: when the first of many fails, the others ask for themselves', async () => {
  const { call, runs } = fixture({ cache: { enabled: true } });
  const { promise, reject } = Promise.withResolvers<unknown>();
  const first = call(ANN, { run: () => promise });
  const others = [call(ANN), call(ANN)];
  reject(new Error('down'));
  expect((await first).text).toBe('down');
  expect((await Promise.all(others)).map(({ word }) => word)).toEqual(['miss', 'miss']);
  expect(runs()).toBe(3);
});

test('P23: a request may ask to be answered afresh', async () => {
  const { call, counted, cache } = fixture({ cache: { enabled: true } });
  await call(ANN);
  const fresh = await call(ANN, { meta: { 'quayside/cacheControl': 'no-cache' } });
  expect(fresh).toMatchObject({ text: '2', word: 'bypass', header: 'bypass' });
  expect(await call(ANN)).toMatchObject({ text: '1', word: 'hit' });
  expect(counted).toEqual(['miss', 'bypass', 'hit']);
  // Who does not ask the cache says nothing of how good it is.
  expect(await cache.stats('a')).toMatchObject({ hits: 1, misses: 1, total_requests: 2 });
});

test.each([
  ['nothing', {}, false],
  ['the switch of the server', { caching: { enabled: true } }, true],
  ['the switch, a tool that writes', { caching: { enabled: true }, readOnly: false }, false],
  ['the map by name', { caching: { enabled: true, tools: { find: { enabled: false } } } }, false],
  [
    'the map by name over the switch',
    { caching: { enabled: false, tools: { find: { enabled: true } } } },
    true,
  ],
  [
    'the tool over the map',
    { cache: { enabled: true }, caching: { enabled: true, tools: { find: { enabled: false } } } },
    true,
  ],
  ['the tool over the switch', { cache: { enabled: false }, caching: { enabled: true } }, false],
  ['a cache of its own declares it read-only', { cache: { enabled: true }, readOnly: false }, true],
  ['CACHE_ENABLED', { overrides: { enabled: true } }, true],
  ['CACHE_ENABLED=false over everything', { cache: { enabled: true }, overrides: { enabled: false } }, false],
])('P23: who decides: %s', (_name, settings, expected) => {
  expect(fixture(settings).isCached).toBe(expected);
});

test.each([
  ['the tool', { cache: { enabled: true, ttl: 7 }, overrides: { ttlMs: 1000 } }, 7],
  ['the map by name', { caching: { enabled: true, ttl: 9, tools: { find: { ttl: 8 } } } }, 8],
  ['CACHE_DEFAULT_TTL', { caching: { enabled: true, ttl: 9 }, overrides: { ttlMs: 6000 } }, 6],
  ['the server', { caching: { enabled: true, ttl: 9 } }, 9],
  ['nobody', { cache: { enabled: true } }, 300],
])('P23: the lifetime is that of %s', async (_name, settings, ttl) => {
  const { call, pass } = fixture(settings);
  await call(ANN);
  pass(ttl * 1000 - 1);
  expect((await call(ANN)).word).toBe('hit');
  pass(2);
  expect((await call(ANN)).word).toBe('miss');
});
