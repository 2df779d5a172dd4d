import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalServer, startLocalServer } from '../../test/http-handler/local-server.ts';
import { createKeptLog } from '../../test/support/kept-log.ts';
import { createEgress, type Egress } from '../egress/egress.ts';
import { createEmbedder, type EmbeddingModel } from './embedder.ts';
import type { ModelObservation } from './model.ts';
import { ModelError } from './model-error.ts';

const KEY = 'sk-9f8e7d6c5b4a3928';
type Reply = { readonly status?: number; readonly body: string; readonly headers?: Record<string, string> };

let server: LocalServer;
let egress: Egress;
let replies: Reply[] = [];
const seen: ModelObservation[] = [];
const waits: number[] = [];

beforeAll(async () => {
  server = await startLocalServer((_request, response) => {
    const { status = 200, body, headers = {} } = replies.shift() ?? { body: '{}' };
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  });
  egress = createEgress({ allow: '', log: createKeptLog().log });
});
afterAll(async () => {
  await egress.close();
  await server.close();
});

function embed(texts: readonly string[], given: readonly Reply[], more: Partial<EmbeddingModel> = {}) {
  replies = [...given];
  waits.length = 0;
  server.seen.length = 0;
  let now = 0;
  const clock = {
    now: () => now,
    random: () => 0.5,
    sleep: (ms: number) => {
      waits.push(ms);
      now += ms;
      return Promise.resolve();
    },
  };
  const embedder = createEmbedder(
    { baseUrl: `${server.url}/v1/`, model: 'm', apiKey: KEY, retries: 2, ...more },
    { egress, clock, redactText: (text) => text, observe: (one) => void seen.push(one) },
  );
  return embedder.embed({ texts, timeoutMs: 30_000, signal: new AbortController().signal });
}

const data = (...vectors: readonly (readonly unknown[])[]): Reply => ({
  body: JSON.stringify({
    data: vectors.map((embedding, index) => ({ index, embedding })),
    usage: { prompt_tokens: 3, total_tokens: 3 },
  }),
});

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => 'answered',
    (error: unknown) => (error instanceof ModelError ? error : Promise.reject(error)),
  );

test('vectors come in the order of the texts, of length 1, and the endpoint is told model and dimension', async () => {
  const order = [
    { index: 1, embedding: [0, 2] },
    { index: 0, embedding: [3, 4] },
  ];
  const [first, second] = await embed(['a', 'b'], [{ body: JSON.stringify({ data: order }) }], {
    dimension: 2,
  });
  expect([...(first ?? [])].map((one) => one.toFixed(2))).toEqual(['0.60', '0.80']);
  expect([...(second ?? [])]).toEqual([0, 1]);
  const [request] = server.seen;
  expect(request).toMatchObject({ target: '/v1/embeddings', headers: { authorization: `Bearer ${KEY}` } });
  expect(JSON.parse(request?.body ?? '')).toEqual({
    model: 'm',
    input: ['a', 'b'],
    encoding_format: 'float',
    dimensions: 2,
  });
});

test('429 and 5xx are tried again, as long as they demand and no more than allowed; it is counted once', async () => {
  seen.length = 0;
  const busy = { status: 429, body: '{}', headers: { 'retry-after': '7' } };
  expect(await embed(['a'], [busy, { status: 503, body: '' }, data([1])])).toHaveLength(1);
  expect(waits).toEqual([7000, 2000]);
  expect(seen).toMatchObject([{ model: 'm', usage: { inputTokens: 3 } }]);
  expect(await failure(embed(['a'], [busy, busy, busy, data([1])]))).toMatchObject({
    failure: 'rate_limited',
    retryAfter: '7',
  });
  expect(await failure(embed(['a'], [{ ...busy, headers: { 'retry-after': '31' } }]))).toMatchObject({
    failure: 'rate_limited',
  });
  expect(waits).toEqual([]);
});

test.each([
  ['no JSON', { body: 'oops' }],
  ['no data', { body: '{}' }],
  ['too few', data()],
  ['too many', data([1], [1])],
  ['words', data(['1'])],
  ['null', data([null])],
  ['nothing in it', data([])],
  ['no direction', data([0, 0])],
  ['more than a number can be', { body: '{"data":[{"embedding":[1e999]}]}' }],
  ['an index of another text', { body: '{"data":[{"index":5,"embedding":[1]}]}' }],
  ['another dimension', data([1, 2, 3])],
] as const)('an answer with %s is unreadable, and not asked for again', async (_, reply) => {
  expect(await failure(embed(['a'], [reply], { dimension: 2 }))).toMatchObject({ failure: 'unreadable' });
  expect(server.seen).toHaveLength(1);
});

test('two dimensions in one answer, and one number twice, are unreadable', async () => {
  expect(await failure(embed(['a', 'b'], [data([1], [1, 2])]))).toMatchObject({ failure: 'unreadable' });
  const twice = { body: '{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}' };
  expect(await failure(embed(['a', 'b'], [twice]))).toMatchObject({ failure: 'unreadable' });
});

test('a refused key is said without the key, and a redirect is not followed', async () => {
  const error = await failure(
    embed(['a'], [{ status: 401, body: JSON.stringify({ error: { message: KEY } }) }]),
  );
  expect(error).toMatchObject({ failure: 'unauthorized' });
  expect(JSON.stringify(error) + String(error)).not.toContain(KEY);
  const elsewhere = { status: 302, body: '', headers: { location: `${server.url}/other` } };
  expect(await failure(embed(['a'], [elsewhere]))).toMatchObject({ failure: 'rejected' });
  expect(server.seen).toHaveLength(1);
});
