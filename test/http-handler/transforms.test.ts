// requestTransform and responseTransform: code of the definition around a request.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpHandler } from '../../src/definition/schema/handler.ts';
import type { Egress } from '../../src/egress/egress.ts';
import { createHttpHandler } from '../../src/handlers/http/http-handler.ts';
import { ISOLATE_PROGRAM } from '../../src/handlers/inline/author-code.ts';
import { createWorkerPool, type WorkerPool } from '../../src/handlers/workers/pool.ts';
import type { JsonObject } from '../../src/tool.ts';
import { baseContext, failure } from '../file-handler/file-tool.ts';
import { callWith, createTestEgress, httpHandler } from './http-tool.ts';
import { createRecordingLog, type LocalServer, startLocalServer } from './local-server.ts';

const { log } = createRecordingLog();
let server: LocalServer;
let egress: Egress;
let pool: WorkerPool;

beforeAll(async () => {
  pool = createWorkerPool({ program: ISOLATE_PROGRAM, log, size: 1 });
  egress = createTestEgress();
  server = await startLocalServer(({ target, body }, response) => {
    const status = Number(/status=(\d+)/.exec(target)?.[1] ?? 200);
    response.writeHead(status, {
      'content-type': /type=([a-z/]+)/.exec(target)?.[1] ?? 'application/json',
      'x-mark': 'm',
    });
    response.end(
      target.includes('type=')
        ? 'plain'
        : JSON.stringify({ days: [{ summary: 'sun' }, { summary: 'rain' }], body }),
    );
  });
});
afterAll(async () => {
  await pool.close();
  await egress.close();
  await server.close();
});

async function call(keys: Partial<HttpHandler>, args: JsonObject = {}) {
  const factory = createHttpHandler({
    egress,
    redactText: (text) => text,
    code: { pool, maxResultBytes: 1e6 },
  });
  const handler = await factory(httpHandler({ url: `${server.url}/a`, ...keys }), baseContext('/', log));
  const result = await handler.run(callWith(args));
  return { result, sent: server.seen.at(-1) };
}

test('P02: the request is made of what requestTransform returns', async () => {
  const { sent } = await call(
    {
      method: 'POST',
      url: `${server.url}/a?fixed=1`,
      headers: { 'x-own': 'own', 'x-other': 'other' },
      requestTransform:
        '(args) => ({ body: { query: args.place.trim(), days: args.days }, query: { lang: "d e", list: [1, 2] }, headers: { "X-Own": "new" } })',
    },
    { place: ' Kiel ', days: 3 },
  );
  expect(sent).toMatchObject({
    method: 'POST',
    target: '/a?fixed=1&lang=d%20e&list=1&list=2',
    body: '{"query":"Kiel","days":3}',
    headers: { 'x-own': 'new', 'x-other': 'other', 'content-type': 'application/json' },
  });
});

test('P02: what requestTransform leaves out stays as the handler says', async () => {
  const none = await call({ requestTransform: 'return {}' }, { a: 'x' });
  expect(none.sent).toMatchObject({ method: 'GET', target: '/a?a=x', body: '' });
  const text = await call({ method: 'PUT', requestTransform: '({ a }) => ({ body: `<${a}>` })' }, { a: 'x' });
  expect(text.sent).toMatchObject({ body: '<x>', headers: { 'content-type': 'text/plain; charset=utf-8' } });
});

test('P02: the result is what responseTransform returns', async () => {
  const { result } = await call({
    responseTransform:
      '(body, { response }) => body.days.map((day) => day.summary).join() + response.status + response.headers["x-mark"]',
  });
  expect(result).toEqual({ content: [{ type: 'text', text: 'sun,rain200m' }] });
  const text = await call({
    url: `${server.url}/a?type=text/plain`,
    responseTransform: 'return { text: args }',
  });
  expect(text.result.structuredContent).toEqual({ text: 'plain' });
  const bytes = await call({
    url: `${server.url}/a?type=image/png`,
    responseTransform: '(body) => atob(body)',
  });
  expect(bytes.result.content[0]?.text).toBe('plain');
});

describe('refusals', () => {
  test.each([
    ['no object', '() => 5', 'did not return an object'],
    ['an array', '() => []', 'did not return an object'],
    ['another part', '() => ({ url: "https://evil.example" })', 'returned url'],
    ['a body of a GET', '() => ({ body: 1 })', 'no place in a GET'],
    ['a forbidden header', '() => ({ headers: { Host: "evil.example" } })', 'Host'],
    ['a header of two lines', '() => ({ headers: { "x-a": "1\\r\\nx-b: 2" } })', 'x-a'],
    ['a function', '() => () => 1', 'a function cannot be sent'],
  ])('N8 %s is HANDLER_OUTPUT_ERROR, and nothing is sent', async (_what, requestTransform, message) => {
    const before = server.seen.length;
    expect(await failure(call({ requestTransform }))).toEqual({
      code: 'HANDLER_OUTPUT_ERROR',
      message: expect.stringContaining(message),
    });
    expect(server.seen.length).toBe(before);
  });

  test('a transform that throws, or does not compile, says so', async () => {
    expect(await failure(call({ responseTransform: '(body) => body.missing.part' }))).toMatchObject({
      code: 'HANDLER_EXECUTION_ERROR',
    });
    expect(await failure(call({ requestTransform: '(args) => {' }))).toMatchObject({
      code: 'HANDLER_SYNTAX_ERROR',
    });
  });

  test('an answer that is not expected is refused before responseTransform sees it', async () => {
    const error = await failure(
      call({ url: `${server.url}/a?status=404`, responseTransform: '() => "fine"' }),
    );
    expect(error.code).toBe('HANDLER_NETWORK_ERROR');
  });

  test('a transform has no way out of its isolate but its result', async () => {
    const code = '(body, context) => ["fetch", "readResource", "secrets"].filter((name) => name in context)';
    expect((await call({ responseTransform: code })).result.structuredContent).toEqual([]);
  });
});
