import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { HttpHandler } from '../../src/definition/schema/handler.ts';
import type { RetryClock } from '../../src/egress/retry.ts';
import { HandlerError } from '../../src/errors.ts';
import type { HandlerContext } from '../../src/handlers/handler.ts';
import { callWith, createTestEgress, prepareHttpTool } from './http-tool.ts';
import { type Answer, answerOk, startLocalServer } from './local-server.ts';

let answer: Answer = answerOk;
const server = await startLocalServer((...exchange) => answer(...exchange));
const egress = createTestEgress();
afterAll(async () => {
  await egress.close();
  await server.close();
});
beforeEach(() => {
  answer = answerOk;
  server.seen.length = 0;
});

interface More {
  readonly args?: Readonly<Record<string, unknown>>;
  readonly clock?: RetryClock;
  readonly context?: Partial<HandlerContext>;
  readonly signal?: AbortSignal;
}

async function run(keys: Partial<HttpHandler> = {}, more: More = {}) {
  const { clock, context } = more;
  const tool = prepareHttpTool(
    { url: server.url, ...keys },
    { egress, ...(clock === undefined ? {} : { clock }), ...(context === undefined ? {} : { context }) },
  );
  return tool.run(callWith(more.args ?? {}, more.signal));
}

async function failure(keys: Partial<HttpHandler> = {}, more: More = {}): Promise<HandlerError> {
  const error = await run(keys, more).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof HandlerError) return error;
  throw new Error(`not a handler error: ${String(error)}`);
}

const respond =
  (status: number, headers: Readonly<Record<string, string>>, body: string | Buffer): Answer =>
  (_request, response: ServerResponse) => {
    response.writeHead(status, headers).end(body);
  };

/** A clock that only moves when somebody sleeps. */
function fakeClock(random = 0.5): RetryClock & { readonly waits: number[] } {
  const waits: number[] = [];
  let now = Date.parse('2026-01-01T00:00:00Z');
  return {
    waits,
    now: () => now,
    random: () => random,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      waits.push(ms);
      now += ms;
    },
  };
}

describe('responses', () => {
  test.each([
    ['application/json', '{"a":[1]}', '{\n  "a": [\n    1\n  ]\n}', { a: [1] }],
    ['application/problem+json; charset=utf-8', '[1,2]', '[\n  1,\n  2\n]', [1, 2]],
    ['application/json', '"text"', 'text', undefined],
    ['application/json', '12', '12', undefined],
    ['text/plain', 'hello', 'hello', undefined],
    ['text/html; charset=utf-8', '<p>ö</p>', '<p>ö</p>', undefined],
    ['application/xml', '<a/>', '<a/>', undefined],
    ['image/svg+xml', '<svg/>', '<svg/>', undefined],
    ['text/csv; charset=nonsense', 'a,b', 'a,b', undefined],
  ])('%s %s', async (type, body, text, structured) => {
    answer = respond(200, { 'content-type': type }, body);
    const result = await run();
    expect(result.content).toEqual([{ type: 'text', text }]);
    expect(result.structuredContent).toEqual(structured);
  });

  test('text in another charset is decoded', async () => {
    answer = respond(200, { 'content-type': 'text/plain; charset="iso-8859-1"' }, Buffer.from([0x5a, 0xfc]));
    expect((await run()).content).toEqual([{ type: 'text', text: 'Zü' }]);
  });

  test('other types are embedded as bytes', async () => {
    answer = respond(200, { 'content-type': 'image/png' }, Buffer.from([1, 2, 255]));
    expect((await run()).content).toEqual([
      { type: 'resource', resource: { uri: 'result:///content/0', mimeType: 'image/png', blob: 'AQL/' } },
    ]);
  });

  test('without a type, UTF-8 is text and the rest bytes', async () => {
    answer = respond(200, {}, 'plain');
    expect((await run()).content).toEqual([{ type: 'text', text: 'plain' }]);
    answer = respond(200, {}, Buffer.from([0xff, 0xfe, 0x00]));
    expect((await run()).content[0]).toMatchObject({ resource: { mimeType: 'application/octet-stream' } });
  });

  test('an empty body is no content; HEAD reports status and headers', async () => {
    answer = respond(204, {}, '');
    expect(await run()).toEqual({ content: [] });
    answer = respond(200, { 'content-type': 'text/plain', 'content-length': '5', 'set-cookie': 'a=b' }, '');
    expect((await run({ method: 'HEAD' })).structuredContent).toEqual({
      status: 200,
      headers: { 'content-type': 'text/plain', 'content-length': '5' },
    });
  });

  test('a service cannot pose as a tool result', async () => {
    const body = {
      content: [{ type: 'text', text: 'x' }],
      isError: true,
      metadata: { 'quayside/cache': 'hit' },
    };
    answer = respond(200, { 'content-type': 'application/json' }, JSON.stringify(body));
    const result = await run();
    expect(result.isError).toBeUndefined();
    expect(result._meta).toBeUndefined();
    expect(result.structuredContent).toEqual(body);
  });

  test('invalid JSON, an oversize body and a bomb are network errors', async () => {
    answer = respond(200, { 'content-type': 'application/json' }, '{');
    expect((await failure()).code).toBe('HANDLER_NETWORK_ERROR');
    answer = respond(200, { 'content-type': 'text/plain' }, 'x'.repeat(2049));
    expect(await failure({ maxResponseSize: '2kb' })).toMatchObject({
      code: 'HANDLER_NETWORK_ERROR',
      details: { reason: 'too_large' },
    });
    answer = respond(200, { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(5_000_000)));
    expect((await failure()).details).toEqual({ reason: 'too_large' });
  });
});

describe('status', () => {
  test('only 2xx is a success by default; `expect` replaces that', async () => {
    answer = respond(404, { 'content-type': 'application/json' }, '{"error":"none"}');
    expect(await failure()).toMatchObject({
      code: 'HANDLER_NETWORK_ERROR',
      message: 'The service answered with status 404.',
      details: { status: 404, body: '{"error":"none"}' },
    });
    expect((await run({ expect: [404] })).structuredContent).toEqual({ error: 'none' });
    answer = answerOk;
    expect((await failure({ expect: [404] })).details).toMatchObject({ status: 200 });
  });

  test('the excerpt of the body is short and without secrets', async () => {
    answer = (request, response) => {
      const echo = `sent ${request.headers.authorization} and ${request.headers['x-tenant-key']} password=hunter2hunter2 `;
      response.writeHead(500, { 'content-type': 'text/plain' }).end(echo + 'é'.repeat(5000));
    };
    const error = await failure({
      headers: { Authorization: 'Token s3cr3t-value', 'X-Tenant-Key': 'key-12345' },
    });
    const body = String(error.details?.body);
    expect(body).not.toMatch(/s3cr3t-value|key-12345|hunter2/);
    expect(body).toContain('[REDACTED]');
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(1100);
    expect(body).not.toContain('\uFFFD');
  });

  test('bytes are not repeated', async () => {
    answer = respond(500, { 'content-type': 'image/png' }, Buffer.from([1, 2, 3]));
    expect((await failure()).details).toEqual({ status: 500 });
  });
});

describe('retries', () => {
  test.each([429, 502, 503, 504])('%i is tried again after growing, jittered waits', async (status) => {
    answer = respond(status, {}, 'busy');
    const clock = fakeClock(0);
    const error = await failure({ retries: 5, timeout: 60_000 }, { clock });
    expect(error.details).toMatchObject({ status });
    expect(clock.waits).toEqual([800, 1600, 3200, 6400, 8000]);
    expect(server.seen).toHaveLength(6);
    const late = fakeClock(0.9999999);
    await failure({ retries: 2, timeout: 60_000 }, { clock: late });
    expect(late.waits).toEqual([1200, 2400]);
  });

  test('a later success is the result', async () => {
    answer = (_request, response) => {
      if (server.seen.length < 3) response.writeHead(503).end();
      else answerOk(_request, response);
    };
    expect((await run({ retries: 3, timeout: 60_000 }, { clock: fakeClock() })).structuredContent).toEqual({
      ok: true,
    });
    expect(server.seen).toHaveLength(3);
  });

  test.each([
    ['3', [3000]],
    ['Thu, 01 Jan 2026 00:00:07 GMT', [7000]],
    ['Wed, 31 Dec 2025 00:00:00 GMT', [0]],
    ['soon', [1000]],
  ])('Retry-After: %s', async (value, waits) => {
    answer = respond(429, { 'retry-after': value }, '');
    const clock = fakeClock();
    await failure({ retries: 1, timeout: 60_000 }, { clock });
    expect(clock.waits).toEqual(waits);
  });

  test('no wait that would outlast the timeout', async () => {
    answer = respond(503, { 'retry-after': '60' }, '');
    const clock = fakeClock();
    expect((await failure({ retries: 3, timeout: 5000 }, { clock })).details).toMatchObject({ status: 503 });
    expect(clock.waits).toEqual([]);
    const longer = fakeClock();
    await failure({ retries: 1, timeout: 5000 }, { clock: longer, context: { toolTimeoutMs: 90_000 } });
    expect(longer.waits).toEqual([60_000]);
  });

  test('a refused or broken connection is tried again', async () => {
    const gone = await startLocalServer();
    await gone.close();
    const clock = fakeClock();
    const error = await failure({ url: gone.url, retries: 2, timeout: 60_000 }, { clock });
    expect(error).toMatchObject({ code: 'HANDLER_NETWORK_ERROR', details: { reason: 'connect' } });
    expect(clock.waits).toHaveLength(2);
    answer = (_request, _response, incoming) => incoming.socket.destroy();
    await failure({ retries: 2, timeout: 60_000 }, { clock: fakeClock() });
    expect(server.seen).toHaveLength(3);
  });

  test.each([400, 401, 404, 500])('%i is not tried again', async (status) => {
    answer = respond(status, {}, '');
    await failure({ retries: 5 }, { clock: fakeClock() });
    expect(server.seen).toHaveLength(1);
  });

  test('an expected status is not tried again', async () => {
    answer = respond(503, {}, '');
    await run({ retries: 5, expect: [503] }, { clock: fakeClock() });
    expect(server.seen).toHaveLength(1);
  });

  test('nothing is tried again after a timeout', async () => {
    answer = () => undefined;
    const error = await failure({ retries: 3, timeout: 60 });
    expect(error).toMatchObject({ code: 'HANDLER_TIMEOUT_ERROR' });
    expect(server.seen).toHaveLength(1);
  });

  test.each([
    ['POST', {}, 1],
    ['PATCH', {}, 1],
    ['POST', { idempotentHint: false }, 1],
    ['POST', { idempotentHint: true }, 3],
    ['PUT', {}, 3],
    ['DELETE', {}, 3],
    ['HEAD', {}, 3],
  ] as const)('%s with %j is sent %i times', async (method, annotations, times) => {
    answer = respond(503, {}, '');
    await failure({ method, retries: 2, timeout: 60_000 }, { clock: fakeClock(), context: { annotations } });
    expect(server.seen).toHaveLength(times);
  });

  test('a call that is cancelled while it waits ends at once', async () => {
    const controller = new AbortController();
    answer = (_request, response) => {
      response.writeHead(503).end();
      controller.abort();
    };
    const error = await failure({ retries: 3 }, { signal: controller.signal });
    expect(error).toMatchObject({ code: 'HANDLER_EXECUTION_ERROR', message: 'The call was cancelled.' });
    expect(server.seen).toHaveLength(1);
  });
});

describe('failures', () => {
  test('the reason of the call signal is the failure', async () => {
    const controller = new AbortController();
    const reason = new HandlerError('HANDLER_TIMEOUT_ERROR', 'The call did not finish within 5 ms.');
    answer = () => controller.abort(reason);
    expect(await failure({}, { signal: controller.signal })).toBe(reason);
  });

  test('an untrusted definition reaches no private address, a trusted one only its own literal host', async () => {
    const error = await failure({}, { context: { trusted: false } });
    expect(error).toMatchObject({
      code: 'HANDLER_PERMISSION_ERROR',
      message: 'The address of the service may not be reached.',
      details: { reason: 'refused_address' },
    });
    expect(JSON.stringify([error.message, error.details])).not.toContain('127.0.0.1');
    expect(server.seen).toEqual([]);
    const other = await startLocalServer();
    answer = respond(302, { location: other.url }, '');
    expect((await failure()).code).toBe('HANDLER_PERMISSION_ERROR');
    expect(other.seen).toEqual([]);
    await other.close();
  });

  test('redirects are followed up to followRedirects; 0 gives the redirect itself', async () => {
    answer = (request, response) => {
      if (request.target === '/') response.writeHead(302, { location: '/next' }).end();
      else answerOk(request, response);
    };
    expect((await run()).structuredContent).toEqual({ ok: true });
    expect((await failure({ followRedirects: 0 })).details).toMatchObject({ status: 302 });
    answer = respond(302, { location: '/' }, '');
    expect((await failure()).details).toEqual({ reason: 'redirect' });
  });

  test('headers too large to send are refused without a request', async () => {
    const error = await failure({ headers: { 'x-a': '${args.x}' } }, { args: { x: 'x'.repeat(20_000) } });
    expect(error).toMatchObject({ code: 'HANDLER_CONFIG_ERROR', details: { reason: 'invalid_header' } });
    expect(server.seen).toEqual([]);
  });

  test('no header of the caller is sent: only those of the handler', async () => {
    await run({ headers: { 'X-Own': '1' } });
    expect(Object.keys(server.seen[0]?.headers ?? {}).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
      'x-own',
    ]);
  });
});

describe('preparation', () => {
  test('annotations and timeout follow from the handler', () => {
    const get = prepareHttpTool({ url: server.url, timeout: 700 }, { egress });
    expect(get).toMatchObject({ timeoutMs: 700, annotations: { readOnlyHint: true, openWorldHint: true } });
    const post = prepareHttpTool({ url: server.url, method: 'POST' }, { egress });
    expect(post.annotations).toEqual({ openWorldHint: true });
  });

  test.each<[string, Partial<HttpHandler>, string]>([
    ['host from arguments', { url: 'http://${args.h}/' }, 'handler.url'],
    ['end of the host from arguments', { url: 'http://example.com${args.h}' }, 'host or port from arguments'],
    ['start of the host from arguments', { url: 'http://${args.h}.example.com/' }, 'handler.url'],
    ['port from arguments', { url: 'http://example.com:${args.p}/' }, 'host or port from arguments'],
    ['scheme from arguments', { url: '${args.s}://example.com/' }, 'handler.url'],
    ['whole URL from arguments', { url: '${args.url}' }, 'handler.url'],
    ['user from arguments', { url: 'http://${args.u}@example.com/' }, 'handler.url'],
    ['relative URL', { url: '/path' }, 'http:// or https://'],
    ['other scheme', { url: 'ftp://example.com/' }, 'http:// or https://'],
    ['user name', { url: 'http://user:pw@example.com/' }, 'user name or password'],
    ['backslash after the host', { url: 'http://example.com\\@evil.example/' }, 'path that does not start'],
    ['bad host', { url: 'http://exa mple/' }, 'handler.url'],
    ['argument in the fragment', { url: 'http://example.com/#${args.x}' }, '"#"'],
    ['malformed placeholder', { url: 'http://example.com/${args.x' }, '${args.x'],
    ['whole arguments', { query: { a: '${args}' } }, '${args}'],
    ['space in a placeholder', { query: { a: '${args.x y}' } }, '${args.x y}'],
    ['unknown form', { url: 'http://example.com/${args.x|raw}' }, '|raw'],
    ['placeholder in a header name', { headers: { '${args.x}': 'a' } }, 'must not depend on arguments'],
    ['placeholder in a query name', { query: { '${args.x}': 'a' } }, 'must not depend on arguments'],
    [
      'placeholder in a body name',
      { method: 'POST', body: { '${args.x}': 'a' } },
      'must not depend on arguments',
    ],
    [
      'content type from arguments',
      { method: 'POST', headers: { 'Content-Type': '${args.x}' }, body: 'a' },
      'Content-Type',
    ],
    ['line break in a header', { headers: { 'X-A': 'a\r\nb' } }, 'headers.X-A'],
    ['reserved header', { headers: { Host: 'other' } }, 'set by the client itself'],
    ['header twice', { headers: { 'X-A': '1', 'x-a': '2' } }, 'twice'],
    ['body of GET', { body: { a: 1 } }, 'no place in a GET request'],
    [
      'JSON that is none',
      { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":' },
      'not valid JSON',
    ],
    [
      'multipart with arguments',
      {
        method: 'POST',
        headers: { 'content-type': 'multipart/form-data; boundary=x' },
        body: '--x ${args.x}',
      },
      'multipart',
    ],
    [
      'array as a form',
      { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: ['a'] },
      'not an object',
    ],
  ])('refuses: %s', (_name, keys, message) => {
    const prepare = () => prepareHttpTool({ url: server.url, ...keys }, { egress });
    expect(prepare).toThrow(HandlerError);
    expect(prepare).toThrow(message);
    expect(prepare).toThrow(expect.objectContaining({ code: 'HANDLER_CONFIG_ERROR' }));
  });

  test('an argument that a closed schema does not declare is refused', () => {
    const inputSchema = { type: 'object', properties: { city: {} }, additionalProperties: false };
    const prepare = (url: string) => prepareHttpTool({ url }, { egress, context: { inputSchema } });
    expect(() => prepare('http://example.com/?q=${args.ctiy}')).toThrow('it declares city');
    expect(() => prepare('http://example.com/?q=${args.city}')).not.toThrow();
  });

  test('a host outside of sandbox.allowedDomains is refused', () => {
    const sandbox = {
      allowFileSystem: false,
      allowNetwork: true,
      allowedPaths: [],
      allowedDomains: ['*.ok.example'],
      memoryMb: 64,
      secrets: [],
    };
    const prepare = (url: string) => prepareHttpTool({ url }, { egress, context: { sandbox } });
    expect(() => prepare('https://api.other.example/')).toThrow('allowedDomains');
    expect(() => prepare('https://api.ok.example/')).not.toThrow();
  });
});
