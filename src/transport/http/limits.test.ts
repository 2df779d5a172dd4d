// Hostile and broken requests on a raw socket: each gets its answer, and the server stays up.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { text } from '../../../test/support/hand-made-plan.ts';
import {
  type HttpEndpoint,
  MODERN_META,
  modern,
  postJson,
  startEndpoint,
} from '../../../test/support/http-endpoint.ts';

let endpoint: HttpEndpoint;

beforeAll(async () => {
  endpoint = await startEndpoint({
    limits: { bodyTimeoutMs: 150, unreadBytesMax: 64 * 1024 },
    servers: [
      {
        definition: { limits: { maxRequestSize: '64kb' } },
        tools: {
          echo: { run: ({ args }) => text(String(args.message)) },
          flood: {
            run: async ({ client, signal }) => {
              const line = 'x'.repeat(1024);
              for (let count = 1; !signal.aborted && count < 100_000; count++) {
                client.progress?.(count, undefined, line);
                if (count % 20 === 0) await new Promise(setImmediate);
              }
              return text(signal.aborted ? 'cut' : 'all sent');
            },
          },
        },
      },
    ],
  });
});

afterAll(() => endpoint.close());

const HEAD = ['POST /mcp HTTP/1.1', 'Host: 127.0.0.1', 'Content-Type: application/json', 'Accept: */*'];

/** Writes `request` and collects what comes back until the server ends the connection. */
async function raw(request: string | Buffer, options: { readonly end?: boolean } = {}): Promise<string> {
  const socket = await open();
  socket.write(request);
  if (options.end === true) socket.end();
  return collect(socket);
}

async function open(): Promise<Socket> {
  const socket = connect({ port: endpoint.port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

async function collect(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // A reset after the answer is an end as well.
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
  socket.destroy();
  return Buffer.concat(chunks).toString('latin1');
}

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
const bodyOf = (answer: string) => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
const post = (body: string | Buffer, ...headers: readonly string[]) =>
  Buffer.concat([
    Buffer.from(
      [...HEAD, ...headers, `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close', '', ''].join(
        '\r\n',
      ),
    ),
    Buffer.from(body),
  ]);

const stillServes = async () => {
  const { json } = await modern(endpoint.url, {
    method: 'tools/call',
    params: { name: 'echo', arguments: { message: 'up' } },
  });
  expect(json.result.content[0].text).toBe('up');
};

describe('bodies', () => {
  test('malformed JSON is 400 with -32700, broken UTF-8 too', async () => {
    for (const body of ['{', '', 'nonsense', '{"jsonrpc":"2.0",}', Buffer.from([0x22, 0xff, 0xfe, 0x22])]) {
      const answer = await raw(post(body));
      expect([statusOf(answer), bodyOf(answer).error.code]).toEqual([400, -32700]);
    }
  });

  test('JSON that is no request is 400 with -32600', async () => {
    const bodies = [
      'null',
      '7',
      '"text"',
      '{}',
      '{"jsonrpc":"1.0","id":1,"method":"ping"}',
      '{"jsonrpc":"2.0","id":null,"method":"ping"}',
      '{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
      '{"jsonrpc":"2.0","id":{},"method":"ping"}',
      '{"jsonrpc":"2.0","id":1,"method":7}',
      '{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}',
      '{"jsonrpc":"2.0","id":1}',
    ];
    for (const body of bodies) {
      const answer = await raw(post(body));
      expect([body, statusOf(answer), bodyOf(answer).error.code]).toEqual([body, 400, -32600]);
    }
  });

  test('another content type is 415, a missing one is read as JSON', async () => {
    const other = await postJson(endpoint.url, {}, { 'content-type': 'text/plain' });
    expect(other.status).toBe(415);
    const message = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' });
    const head = HEAD.filter((line) => !line.startsWith('Content-Type'));
    const answer = await raw(
      [
        ...head,
        'MCP-Protocol-Version: 2026-07-28',
        `Content-Length: ${message.length}`,
        'Connection: close',
        '',
        message,
      ].join('\r\n'),
    );
    expect(statusOf(answer)).toBe(202);
  });

  test('P79: a body that announces too much is 413 before a byte of it is read', async () => {
    const answer = await raw([...HEAD, 'Content-Length: 100000000', '', ''].join('\r\n'));
    expect(statusOf(answer)).toBe(413);
    expect(answer).toMatch(/connection: close/i);
    expect(bodyOf(answer).error).toMatchObject({ code: -32600, data: { maxBytes: 65_536 } });
  });

  test('P79: a chunked body is 413 as soon as it passes the limit', async () => {
    const socket = await open();
    const answer = collect(socket);
    socket.write([...HEAD, 'Transfer-Encoding: chunked', '', ''].join('\r\n'));
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    for (let count = 0; count < 5; count++) socket.write(chunk);
    expect(statusOf(await answer)).toBe(413);
  });

  test('a client that waits for 100 is told to go on, or that the body is too large', async () => {
    const refused = await raw(
      [...HEAD, 'Expect: 100-continue', 'Content-Length: 100000000', '', ''].join('\r\n'),
    );
    expect(statusOf(refused)).toBe(413);
    const socket = await open();
    const message = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' });
    socket.write(
      [
        ...HEAD,
        'MCP-Protocol-Version: 2026-07-28',
        'Expect: 100-continue',
        `Content-Length: ${message.length}`,
        'Connection: close',
        '',
        '',
      ].join('\r\n'),
    );
    const [first] = await once(socket, 'data');
    expect(String(first)).toContain('100 Continue');
    socket.write(message);
    expect(statusOf(await collect(socket))).toBe(202);
  });

  test('P79: a body that comes too slowly is 408', async () => {
    const answer = await raw([...HEAD, 'Content-Length: 100', '', '{"jsonrpc"'].join('\r\n'));
    expect(statusOf(answer)).toBe(408);
    expect(answer).toMatch(/connection: close/i);
  });

  test('a half-closed sender still gets its answer; one that leaves mid-body harms nobody', async () => {
    const message = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' });
    expect(statusOf(await raw(post(message, 'MCP-Protocol-Version: 2026-07-28'), { end: true }))).toBe(202);
    const socket = await open();
    socket.write([...HEAD, 'Content-Length: 100', '', '{"json'].join('\r\n'));
    socket.destroy();
    await stillServes();
  });
});

describe('HTTP itself', () => {
  test('malformed HTTP is 400', async () => {
    for (const request of [
      'NONSENSE\r\n\r\n',
      'POST /mcp HTTP/9.9\r\n\r\n',
      'POST /mcp HTTP/1.1\r\nHost: a\r\nBad Header\r\n\r\n',
      'POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n',
      'POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\rb\r\n\r\n',
    ]) {
      const answer = await raw(request);
      expect([request, statusOf(answer)]).toEqual([request, 400]);
    }
  });

  test('headers beyond 16 KiB are 431', async () => {
    const answer = await raw(`POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Big: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(statusOf(answer)).toBe(431);
  });

  test('P11: a foreign or missing Host is refused on every path', async () => {
    for (const path of ['/mcp', '/mcp/test', '/nothing']) {
      for (const method of ['GET', 'POST', 'OPTIONS', 'DELETE']) {
        const answer = await raw(
          `${method} ${path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
        );
        expect([path, method, statusOf(answer)]).toEqual([path, method, 403]);
        expect(answer).toContain('security.hosts');
      }
    }
  });

  test('a value with CR or LF never becomes a header of its own', async () => {
    const answer = await raw(
      `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-Id: a%0d%0aInjected: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    );
    expect(answer).not.toMatch(/^injected/im);
    expect(/x-request-id: (\S+)/i.exec(answer)?.[1]).not.toContain('%0d');
  });

  test('a safe request id is repeated, any other replaced', async () => {
    const good = await modern(endpoint.url, { method: 'tools/list', headers: { 'x-request-id': 'abc-123' } });
    expect(good.headers.get('x-request-id')).toBe('abc-123');
    for (const id of ['a b', '<script>', 'x'.repeat(200)]) {
      const { headers } = await modern(endpoint.url, {
        method: 'tools/list',
        headers: { 'x-request-id': id },
      });
      expect(headers.get('x-request-id')).toMatch(/^[\w-]+$/);
    }
  });

  test('X-Response-Time is in seconds with six decimals', async () => {
    const { headers } = await modern(endpoint.url, { method: 'tools/list' });
    expect(headers.get('x-response-time')).toMatch(/^\d+\.\d{6}$/);
  });

  test('P79: connections are kept for 65 s', async () => {
    const { headers } = await modern(endpoint.url, { method: 'tools/list' });
    expect(headers.get('keep-alive')).toBe('timeout=65');
  });
});

describe('compression', () => {
  const call = (size: number, encoding: string) =>
    fetchRaw(
      JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'echo', arguments: { message: 'é'.repeat(size) }, _meta: MODERN_META },
      }),
      encoding,
    );

  async function fetchRaw(message: string, encoding: string): Promise<Buffer> {
    const socket = await open();
    socket.write(
      post(
        message,
        'MCP-Protocol-Version: 2026-07-28',
        'Mcp-Method: tools/call',
        'Mcp-Name: echo',
        `Accept-Encoding: ${encoding}`,
      ),
    );
    return Buffer.from(await collect(socket), 'latin1');
  }

  test('P79 S9: JSON from 1024 bytes is compressed for those who accept it', async () => {
    const big = await call(600, 'gzip, br');
    expect(big.toString('latin1')).toMatch(/content-encoding: gzip/i);
    expect(big.toString('latin1')).toMatch(/vary: Accept-Encoding/i);
    const body = gunzipSync(big.subarray(big.indexOf('\r\n\r\n') + 4)).toString('utf8');
    expect(JSON.parse(body).result.content[0].text).toBe('é'.repeat(600));
    expect((await call(10, 'gzip')).toString('latin1')).not.toMatch(/content-encoding/i);
    for (const encoding of ['identity', 'gzip;q=0', 'br']) {
      expect((await call(600, encoding)).toString('latin1')).not.toMatch(/content-encoding/i);
    }
  });
});

describe('streams', () => {
  test('a client that does not read is cut off, and its call cancelled', async () => {
    const socket = await open();
    const _meta = { ...MODERN_META, progressToken: 1 };
    const message = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'flood', _meta },
    });
    socket.pause();
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');
    socket.write(
      post(message, 'MCP-Protocol-Version: 2026-07-28', 'Mcp-Method: tools/call', 'Mcp-Name: flood'),
    );
    // A fast machine floods the client within the usual interval.
    await expect.poll(() => endpoint.transport.streams(), { interval: 1 }).toBe(1);
    await expect.poll(() => endpoint.transport.streams(), { timeout: 9000 }).toBe(0);
    socket.destroy();
    await closed;
    await stillServes();
  });
});
