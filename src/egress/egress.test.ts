import { createServer as createTcpServer } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeEach, expect, test } from 'vitest';
import {
  type Answer,
  answerOk,
  createRecordingLog,
  startLocalServer,
} from '../../test/http-handler/local-server.ts';
import { createEgress, type EgressObservation, type EgressRequest } from './egress.ts';
import { EgressError } from './egress-error.ts';

let answer: Answer = answerOk;
const observations: EgressObservation[] = [];
const server = await startLocalServer((...exchange) => answer(...exchange));
const egress = createEgress({
  allow: '127.0.0.1',
  log: createRecordingLog().log,
  observe: (observation) => observations.push(observation),
  resolveHost: async () => ['127.0.0.1'],
});
afterAll(async () => {
  await egress.close();
  await server.close();
});
beforeEach(() => {
  answer = answerOk;
  server.seen.length = 0;
  observations.length = 0;
});

function request(path: string, more: Partial<EgressRequest> = {}): EgressRequest {
  return {
    url: server.url + path,
    method: 'GET',
    timeoutMs: 5000,
    maxBytes: 100_000,
    purpose: 'test',
    ...more,
  };
}

test('a request arrives as it was given, the response comes back whole', async () => {
  answer = (_request, response) => {
    response.writeHead(201, { 'content-type': 'text/plain', 'x-list': ['a', 'b'] }).end('héllo');
  };
  const response = await egress.fetch(
    request('/a%20b?x=1#fragment', { method: 'POST', headers: { 'X-Name': 'value' }, body: 'données' }),
  );
  expect(response).toMatchObject({ status: 201, redirects: 0, url: `${server.url}/a%20b?x=1` });
  expect(response.body.toString('utf8')).toBe('héllo');
  expect(response.headers['x-list']).toBe('a, b');
  expect(server.seen).toEqual([
    expect.objectContaining({ method: 'POST', target: '/a%20b?x=1', body: 'données' }),
  ]);
  expect(server.seen[0]?.headers).toMatchObject({
    'x-name': 'value',
    'content-length': '8',
    'accept-encoding': 'gzip, deflate, br',
    'user-agent': 'Quayside',
    host: server.host,
  });
  expect(observations).toEqual([{ purpose: 'test', status: 201, durationMs: expect.any(Number) }]);
});

test('a header value outside of ASCII is sent as UTF-8', async () => {
  await egress.fetch(request('/', { headers: { 'x-city': 'Zürich 東京' } }));
  expect(Buffer.from(String(server.seen[0]?.headers['x-city']), 'latin1').toString('utf8')).toBe(
    'Zürich 東京',
  );
});

test.each(['a\r\nX-Evil: 1', 'a\nb', 'a\rb', 'a\0b', 'a\u007f', '\u001b[0m'])(
  'the header value %j is refused',
  async (value) => {
    await expect(egress.fetch(request('/', { headers: { 'x-a': value } }))).rejects.toMatchObject({
      reason: 'invalid_header',
    });
    expect(server.seen).toEqual([]);
  },
);

test.each([
  '',
  'a b',
  'a:b',
  'a\r\n',
  'é',
  'Host',
  'content-length',
  'Transfer-Encoding',
  'connection',
  'proxy-authorization',
])('the header name %j is refused', async (name) => {
  await expect(egress.fetch(request('/', { headers: { [name]: 'x' } }))).rejects.toMatchObject({
    reason: 'invalid_header',
  });
});

test('headers together are bounded', async () => {
  const headers = { 'x-large': 'x'.repeat(17_000) };
  await expect(egress.fetch(request('/', { headers }))).rejects.toMatchObject({ reason: 'invalid_header' });
});

test('connections are kept and used again', async () => {
  const before = server.connections();
  for (let count = 0; count < 20; count++) await egress.fetch(request('/'));
  expect(server.connections() - before).toBeLessThanOrEqual(1);
});

test('parallel requests share a bounded number of connections', async () => {
  const before = server.connections();
  await Promise.all(Array.from({ length: 200 }, () => egress.fetch(request('/'))));
  expect(server.seen).toHaveLength(200);
  expect(server.connections() - before).toBeLessThanOrEqual(32);
});

test('a response that announces too much is not read', async () => {
  answer = (_request, response) => {
    response.writeHead(200, { 'content-length': 1_000_000 }).write('x');
  };
  await expect(egress.fetch(request('/'))).rejects.toMatchObject({ reason: 'too_large' });
});

test('a response that grows too large is cut off', async () => {
  let closed = false;
  answer = (_request, response) => {
    const timer = setInterval(() => response.write('x'.repeat(50_000)), 1);
    response.on('close', () => {
      closed = true;
      clearInterval(timer);
    });
  };
  await expect(egress.fetch(request('/'))).rejects.toMatchObject({ reason: 'too_large' });
  await expect.poll(() => closed).toBe(true);
});

test.each([
  ['gzip', gzipSync('payload')],
  ['x-gzip', gzipSync('payload')],
  ['deflate', deflateSync('payload')],
  ['br', brotliCompressSync('payload')],
  ['identity', Buffer.from('payload')],
])('a %s body is decoded', async (encoding, body) => {
  answer = (_request, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body);
  expect((await egress.fetch(request('/'))).body.toString()).toBe('payload');
});

test.each([
  ['gzip', gzipSync(Buffer.alloc(50_000_000))],
  ['br', brotliCompressSync(Buffer.alloc(50_000_000))],
])('a %s bomb is ended at the limit', async (encoding, bomb) => {
  expect(bomb.length).toBeLessThan(100_000);
  answer = (_request, response) => response.writeHead(200, { 'content-encoding': encoding }).end(bomb);
  const before = process.memoryUsage().arrayBuffers;
  await expect(egress.fetch(request('/'))).rejects.toMatchObject({ reason: 'too_large' });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
});

test.each([
  ['gzip, gzip', gzipSync(gzipSync('x'))],
  ['zstd', Buffer.from('x')],
  ['gzip', Buffer.from('not gzip at all')],
  ['gzip', gzipSync('cut off here'.repeat(100)).subarray(0, 20)],
])('a body with unreadable coding %s is a protocol failure', async (encoding, body) => {
  answer = (_request, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body);
  await expect(egress.fetch(request('/'))).rejects.toMatchObject({ reason: 'protocol' });
});

test('HEAD, 204 and 304 have no body to decode', async () => {
  answer = (seen, response) => {
    const status = seen.target === '/204' ? 204 : seen.target === '/304' ? 304 : 200;
    const length = status === 200 ? { 'content-length': 9_999_999 } : {};
    response.writeHead(status, { 'content-encoding': 'gzip', ...length }).end();
  };
  for (const [path, method] of [
    ['/', 'HEAD'],
    ['/204', 'GET'],
    ['/304', 'GET'],
  ] as const) {
    expect((await egress.fetch(request(path, { method }))).body).toHaveLength(0);
  }
});

test('a server that sends no headers runs into the deadline', async () => {
  answer = () => undefined;
  await expect(egress.fetch(request('/', { timeoutMs: 60 }))).rejects.toMatchObject({ reason: 'timeout' });
  expect(observations).toEqual([{ purpose: 'test', reason: 'timeout', durationMs: expect.any(Number) }]);
});

test('a server that drips its body runs into the same deadline', async () => {
  answer = (_request, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('.'), 5);
    response.on('close', () => clearInterval(timer));
  };
  await expect(egress.fetch(request('/', { timeoutMs: 80 }))).rejects.toMatchObject({ reason: 'timeout' });
});

test('redirects do not extend the deadline', async () => {
  answer = (_request, response) => {
    setTimeout(() => response.writeHead(302, { location: '/again' }).end(), 30);
  };
  await expect(egress.fetch(request('/', { timeoutMs: 100, followRedirects: 10 }))).rejects.toMatchObject({
    reason: 'timeout',
  });
});

test('a resolver that hangs runs into the deadline', async () => {
  const hanging = createEgress({
    allow: '',
    log: createRecordingLog().log,
    resolveHost: () => new Promise(() => undefined),
  });
  const attempt = hanging.fetch({ ...request('/'), url: 'http://slow.example/', timeoutMs: 30 });
  await expect(attempt).rejects.toMatchObject({ reason: 'timeout' });
  await hanging.close();
});

test('the caller can give up before and during a request', async () => {
  await expect(egress.fetch(request('/', { signal: AbortSignal.abort() }))).rejects.toMatchObject({
    reason: 'aborted',
  });
  expect(server.seen).toEqual([]);
  const controller = new AbortController();
  answer = () => controller.abort();
  await expect(egress.fetch(request('/', { signal: controller.signal }))).rejects.toMatchObject({
    reason: 'aborted',
  });
});

test('the caller can give up while the body arrives', async () => {
  const controller = new AbortController();
  answer = (_request, response) => {
    response.writeHead(200, { 'content-length': 10 }).write('x');
  };
  const response = await egress.stream(request('/', { signal: controller.signal }));
  const first = await response.body.next();
  expect(first.value?.toString()).toBe('x');
  controller.abort();
  await expect(response.body.next()).rejects.toMatchObject({ reason: 'aborted' });
});

test('a stream that is left early ends its connection and its timer', async () => {
  let closed = false;
  answer = (_request, response) => {
    response.on('close', () => {
      closed = true;
    });
    response.writeHead(200).write('first');
  };
  const response = await egress.stream(request('/'));
  for await (const chunk of response.body) {
    expect(chunk.toString()).toBe('first');
    break;
  }
  await expect.poll(() => closed).toBe(true);
});

test('a stream that is left before its first chunk ends its connection', async () => {
  const closed = Promise.withResolvers<void>();
  answer = (_request, response) => {
    response.on('close', closed.resolve);
    response.writeHead(200).write('more will never come');
  };
  const own = createEgress({ allow: '127.0.0.1', log: createRecordingLog().log });
  const { body } = await own.stream(request('/', { timeoutMs: 60_000 }));
  await body.return();
  await closed.promise;
  await own.close();
});

test.each([
  [301, 'POST', 'GET'],
  [302, 'POST', 'GET'],
  [303, 'POST', 'GET'],
  [303, 'PUT', 'GET'],
  [303, 'HEAD', 'HEAD'],
  [301, 'PUT', 'PUT'],
  [302, 'DELETE', 'DELETE'],
  [307, 'POST', 'POST'],
  [308, 'PATCH', 'PATCH'],
] as const)('a %i redirect turns %s into %s', async (status, method, expected) => {
  answer = (seen, response) => {
    if (seen.target === '/') response.writeHead(status, { location: 'next?a=b' }).end('moved');
    else response.end('there');
  };
  const body = method === 'HEAD' || method === 'DELETE' ? {} : { body: 'payload' };
  const headers = { authorization: 'Bearer t', 'content-type': 'text/plain' };
  const response = await egress.fetch(request('/', { method, ...body, headers, followRedirects: 3 }));
  expect(response).toMatchObject({ status: 200, redirects: 1, url: `${server.url}/next?a=b` });
  const second = server.seen[1];
  expect(second).toMatchObject({ method: expected, target: '/next?a=b' });
  // Same origin: credentials go along; the body and its fields only with the method.
  expect(second?.headers.authorization).toBe('Bearer t');
  const keepsBody = expected === method && 'body' in body;
  expect(second?.body).toBe(keepsBody ? 'payload' : '');
  expect(second?.headers['content-type']).toBe(keepsBody ? 'text/plain' : undefined);
});

test('a redirect to another origin takes no credential along, whatever its name', async () => {
  const other = await startLocalServer();
  answer = (_request, response) => response.writeHead(302, { location: `${other.url}/x` }).end();
  const headers = { authorization: 'Bearer t', cookie: 'a=b', 'x-api-key': 'k', accept: 'text/plain' };
  await egress.fetch(request('/', { headers, followRedirects: 1 }));
  const seen = other.seen[0]?.headers ?? {};
  expect(seen.accept).toBe('text/plain');
  expect(Object.keys(seen).filter((name) => ['authorization', 'cookie', 'x-api-key'].includes(name))).toEqual(
    [],
  );
  await other.close();
});

test('a redirect that would send the body to another origin is not followed', async () => {
  const other = await startLocalServer();
  answer = (_request, response) => response.writeHead(307, { location: `${other.url}/x` }).end();
  const attempt = egress.fetch(request('/', { method: 'POST', body: 'secret', followRedirects: 3 }));
  await expect(attempt).rejects.toMatchObject({ reason: 'redirect' });
  expect(other.seen).toEqual([]);
  await other.close();
});

test('a redirect loop ends at the limit', async () => {
  answer = (_request, response) => response.writeHead(302, { location: '/' }).end();
  await expect(egress.fetch(request('/', { followRedirects: 4 }))).rejects.toMatchObject({
    reason: 'redirect',
  });
  expect(server.seen).toHaveLength(5);
});

test('without redirects, and without a Location, the redirect is the response', async () => {
  answer = (seen, response) =>
    response.writeHead(302, seen.target === '/none' ? {} : { location: '/x' }).end('see');
  expect(await egress.fetch(request('/'))).toMatchObject({ status: 302, redirects: 0 });
  expect(await egress.fetch(request('/none', { followRedirects: 3 }))).toMatchObject({ status: 302 });
});

test.each(['http://', 'http://[', 'http://a b/'])(
  'a redirect to the unreadable %j fails',
  async (location) => {
    answer = (_request, response) => response.writeHead(302, { location }).end();
    await expect(egress.fetch(request('/', { followRedirects: 1 }))).rejects.toMatchObject({
      reason: 'redirect',
    });
  },
);

test('a refused connection and a broken one are told apart', async () => {
  const gone = await startLocalServer();
  await gone.close();
  const refused = await egress.fetch({ ...request('/'), url: gone.url }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ reason: 'connect', isConnectionFailure: true });
  answer = (_request, _response, incoming) => incoming.socket.destroy();
  await expect(egress.fetch(request('/'))).rejects.toMatchObject({
    reason: 'socket',
    isConnectionFailure: true,
  });
});

test('a response cut short is a failure, not a short response', async () => {
  answer = (_request, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('short', () => response.destroy());
  };
  await expect(egress.fetch(request('/'))).rejects.toMatchObject({ reason: 'socket' });
});

test('what is no HTTP is a protocol failure', async () => {
  const tcp = createTcpServer((socket) => socket.end('SSH-2.0-server\r\n'));
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  const address = tcp.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const attempt = egress.fetch({ ...request('/'), url: `http://127.0.0.1:${port}/` });
  await expect(attempt).rejects.toMatchObject({ reason: 'protocol' });
  tcp.close();
});

test('https to a server that speaks plain HTTP is a TLS failure', async () => {
  const attempt = egress.fetch({ ...request('/'), url: `https://127.0.0.1:${server.port}/` });
  await expect(attempt).rejects.toMatchObject({ reason: 'tls', isConnectionFailure: false });
});

test('names are resolved once per interval', async () => {
  let asked = 0;
  const counting = createEgress({
    allow: '127.0.0.1',
    log: createRecordingLog().log,
    resolveHost: async () => {
      asked++;
      return ['127.0.0.1'];
    },
  });
  const url = `http://named.example:${server.port}/`;
  for (let count = 0; count < 5; count++) await counting.fetch({ ...request('/'), url });
  expect(asked).toBe(1);
  expect(server.seen[0]?.headers.host).toBe(`named.example:${server.port}`);
  await counting.close();
});

test('the first of several checked addresses that answers is used', async () => {
  const several = createEgress({
    allow: '127.0.0.0/8,::1',
    log: createRecordingLog().log,
    resolveHost: async () => ['127.0.0.9', '127.0.0.1'],
  });
  const response = await several.fetch({ ...request('/'), url: `http://several.example:${server.port}/` });
  expect(response.status).toBe(200);
  await several.close();
});

test('after closing nothing is sent', async () => {
  const closing = createEgress({ allow: '127.0.0.1', log: createRecordingLog().log });
  await closing.fetch(request('/'));
  await closing.close();
  await expect(closing.fetch(request('/'))).rejects.toMatchObject({ reason: 'closed' });
  expect(server.seen).toHaveLength(1);
});

test('closing waits for what is in flight', async () => {
  const closing = createEgress({ allow: '127.0.0.1', log: createRecordingLog().log });
  let finish: (() => void) | undefined;
  answer = (_request, response) => {
    finish = () => response.end('late');
  };
  const pending = closing.fetch(request('/'));
  await expect.poll(() => finish).toBeDefined();
  const closed = closing.close();
  finish?.();
  expect((await pending).body.toString()).toBe('late');
  await closed;
});

test('an unreadable allowance is reported when the client is made', () => {
  expect(() => createEgress({ allow: 'a,b/c', log: createRecordingLog().log })).toThrow(EgressError);
});
