// Hostile HTTP: framing, sizes, speeds, headers.
import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import {
  openSocket,
  parseAnswer,
  type RawAnswer,
  readAnswer,
  requestBytes,
  sendBytes,
} from '../support/raw-http.ts';
import { BODY_BYTES_MAX, type HostileRequest, type HostileServer, KEY } from './hostile-server.ts';
import { post } from './message.ts';

const PING = '{"jsonrpc":"2.0","id":7,"method":"ping"}';
const HEAD = ['POST /mcp HTTP/1.1', 'Host: 127.0.0.1', `X-Api-Key: ${KEY}`, 'Content-Type: application/json'];

/** Header lines after the usual ones, then a body as it stands. */
function raw(lines: readonly string[], body = '') {
  return ({ port }: HostileServer) => sendBytes(port, [...HEAD, ...lines, '', body].join('\r\n'));
}

const lines = (text: string) => (server: HostileServer) => sendBytes(server.port, text);

/** Sends chunks without end until an answer comes; the bound keeps a broken server from hanging the test. */
async function sendEndless(server: HostileServer): Promise<RawAnswer> {
  const socket = openSocket(server.port);
  let isAnswered = false;
  const answer = readAnswer(socket).finally(() => {
    isAnswered = true;
  });
  socket.write([...HEAD, 'Transfer-Encoding: chunked', '', ''].join('\r\n'));
  const chunk = Buffer.from(`10000\r\n${'x'.repeat(0x10000)}\r\n`);
  for (let sent = 0; sent < 10 * BODY_BYTES_MAX && !isAnswered && !socket.destroyed; sent += chunk.length) {
    if (!socket.write(chunk)) await new Promise((resolve) => setImmediate(resolve));
  }
  return answer;
}

const closes = (answer: RawAnswer) => expect(answer.headers.connection).toBe('close');

export const framing: readonly HostileRequest[] = [
  { title: 'no HTTP at all', send: lines('NONSENSE\r\n\r\n'), status: 400 },
  { title: 'binary noise', send: ({ port }) => sendBytes(port, Buffer.alloc(4096, 0xa7)), status: 400 },
  {
    title: 'a TLS hello on the plain port',
    send: ({ port }) =>
      sendBytes(
        port,
        Buffer.from('160301007b0100007703034a5b6c7d8e9f0011223344556677889900aabbccddeeff', 'hex'),
      ),
    status: 400,
  },
  { title: 'the preface of HTTP/2', send: lines('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), status: 400 },
  {
    title: 'an unknown version of HTTP',
    send: lines('POST /mcp HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n'),
    status: 400,
  },
  {
    title: 'an unknown HTTP method',
    send: lines('BREW /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'),
    status: 400,
  },
  {
    title: 'HTTP/1.0 without Host',
    send: lines('POST /mcp HTTP/1.0\r\nContent-Length: 0\r\n\r\n'),
    status: 403,
    code: -32002,
  },
  {
    title: 'HTTP/1.1 without Host',
    send: lines('POST /mcp HTTP/1.1\r\nContent-Length: 0\r\n\r\n'),
    status: 400,
  },
  {
    title: 'Content-Length together with Transfer-Encoding (request smuggling)',
    send: raw(['Content-Length: 6', 'Transfer-Encoding: chunked'], '0\r\n\r\nG'),
    status: 400,
  },
  {
    title: 'two different Content-Lengths (request smuggling)',
    send: raw([`Content-Length: ${PING.length}`, 'Content-Length: 3'], PING),
    status: 400,
  },
  { title: 'a negative Content-Length', send: raw(['Content-Length: -1']), status: 400 },
  { title: 'a Content-Length that is no number', send: raw(['Content-Length: 1e3']), status: 400 },
  {
    title: 'a Content-Length beyond 64 bits',
    send: raw(['Content-Length: 99999999999999999999']),
    status: 400,
  },
  {
    title: 'a Transfer-Encoding that hides chunked',
    send: raw(['Transfer-Encoding: xchunked'], '0\r\n\r\n'),
    status: 400,
  },
  { title: 'chunked twice', send: raw(['Transfer-Encoding: chunked, chunked'], '0\r\n\r\n'), status: 400 },
  {
    title: 'a chunk size that is no number',
    send: raw(['Transfer-Encoding: chunked'], 'zz\r\n{}\r\n0\r\n\r\n'),
    status: 400,
  },
  { title: 'a folded header line', send: raw(['X-Folded: a', ' b', 'Content-Length: 0']), status: 400 },
  { title: 'a bare CR in a header', send: raw(['X-Cr: a\rInjected: 1', 'Content-Length: 0']), status: 400 },
  {
    title: 'a bare LF in a header',
    send: raw(['X-Lf: a\nContent-Length: 5', 'Content-Length: 0']),
    status: 400,
  },
  { title: 'a NUL in a header', send: raw(['X-Nul: a\0b', 'Content-Length: 0']), status: 400 },
  { title: 'a space before the colon', send: raw(['X-Space : a', 'Content-Length: 0']), status: 400 },
  {
    title: 'a header of 20 KB',
    send: raw([`X-Big: ${'x'.repeat(20_000)}`, 'Content-Length: 0']),
    status: 431,
  },
  {
    title: 'thousands of headers',
    send: raw(Array.from({ length: 5000 }, (_, index) => `X-${index}: a`)),
    status: 431,
  },
  {
    title: 'a target of 20 KB',
    send: lines(`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`),
    status: 431,
  },
];

export const bodies: readonly HostileRequest[] = [
  {
    title: 'a Content-Length beyond the limit',
    send: raw([`Content-Length: ${BODY_BYTES_MAX + 1}`]),
    status: 413,
    code: -32600,
    check(answer) {
      expect(answer.json.error.data.maxBytes).toBe(BODY_BYTES_MAX);
      closes(answer);
    },
  },
  { title: 'chunks without end', send: sendEndless, status: 413, code: -32600, check: closes },
  {
    title: 'a body announced with Expect that is too large is never asked for',
    send: raw(['Expect: 100-continue', `Content-Length: ${BODY_BYTES_MAX + 1}`]),
    status: 413,
    code: -32600,
  },
  {
    title: 'an expectation that nobody can meet',
    send: raw(['Expect: 200-ok', 'Content-Length: 0']),
    status: 417,
  },
  {
    title: 'a body that is compressed',
    async send(server) {
      return post(server, gzipSync(PING), { headers: { 'Content-Encoding': 'gzip' } });
    },
    status: 415,
    code: -32000,
    check(answer) {
      expect(answer.json.error.message).toContain('Content-Encoding');
      expect(answer.headers['accept-encoding']).toBe('identity');
    },
  },
  {
    title: 'a form instead of JSON',
    send: (server) =>
      post(server, 'a=b', { headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }),
    status: 415,
    code: -32000,
  },
  {
    title: 'JSON in a content type that browsers send without asking',
    send: (server) => post(server, PING, { headers: { 'Content-Type': 'text/plain' } }),
    status: 415,
    code: -32000,
  },
  {
    title: 'a content type that only begins like JSON',
    send: (server) => post(server, PING, { headers: { 'Content-Type': 'application/jsonp' } }),
    status: 415,
    code: -32000,
  },
  {
    title: 'an Accept header that nothing fits',
    send: (server) =>
      post(server, PING, { headers: { Accept: 'image/png', 'Mcp-Session-Id': server.session } }),
    status: 406,
    code: -32000,
  },
  {
    title: 'a request to upgrade the connection is answered as a plain one',
    send: (server) =>
      post(server, PING, {
        headers: {
          Connection: 'Upgrade',
          Upgrade: 'websocket',
          'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
          'Mcp-Session-Id': server.session,
        },
      }),
    status: 200,
  },
  {
    title: 'a sender that closes its half after the request still gets the answer',
    send: ({ port, session }) =>
      sendBytes(
        port,
        requestBytes({ body: PING, headers: { 'X-Api-Key': KEY, 'Mcp-Session-Id': session } }),
        { end: true },
      ),
    status: 200,
  },
  {
    title: 'a sender that closes its half within the body',
    send: ({ port }) =>
      sendBytes(port, [...HEAD, 'Content-Length: 100', '', '{"json'].join('\r\n'), { end: true }),
    status: 400,
  },
  {
    title: 'a sender that is gone within the body',
    async send({ port }) {
      const socket = openSocket(port);
      socket.write([...HEAD, 'Content-Length: 100', '', '{"json'].join('\r\n'));
      await new Promise((resolve) => socket.once('connect', resolve));
      socket.destroy();
      return parseAnswer(Buffer.alloc(0));
    },
    status: 0,
  },
  {
    title: 'a second request hidden behind the first is a request of its own',
    async send({ port, session }) {
      const first = requestBytes({
        body: PING,
        headers: { 'X-Api-Key': KEY, 'Mcp-Session-Id': session, Connection: 'keep-alive' },
      });
      const hidden = requestBytes({ method: 'GET', target: '/admin/diagnostics' });
      const socket = openSocket(port);
      socket.write(Buffer.concat([first, hidden]));
      const text = await readAll(socket);
      return parseAnswer(text.subarray(text.indexOf('HTTP/1.1', 8)));
    },
    status: 401,
    code: 'unauthenticated',
  },
];

/** Both are started first and awaited last: they take as long as the limits on slowness. */
export const slow: readonly HostileRequest[] = [
  {
    title: 'headers that never end',
    send: ({ port }) => trickle(port, 'POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n', 'X-Slow: 1\r\n'),
    status: 408,
  },
  {
    title: 'a body that comes a byte at a time',
    send: ({ port }) => trickle(port, [...HEAD, 'Content-Length: 1000', '', ''].join('\r\n'), ' '),
    status: 408,
    code: -32000,
    check: closes,
  },
];

/** Longer than the time for a body (30 s). */
const SLOW_DEADLINE_MS = 60_000;

async function trickle(port: number, start: string, drop: string): Promise<RawAnswer> {
  const socket = openSocket(port);
  socket.write(start);
  const timer = setInterval(() => socket.writable && socket.write(drop), 250);
  try {
    return parseAnswer(await readAll(socket, SLOW_DEADLINE_MS));
  } finally {
    clearInterval(timer);
  }
}

async function readAll(socket: ReturnType<typeof openSocket>, deadlineMs = 20_000): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the connection was not closed in time')), deadlineMs);
    socket.once('end', resolve).once('close', resolve);
  }).finally(() => clearTimeout(timer));
  socket.destroy();
  return Buffer.concat(chunks);
}
