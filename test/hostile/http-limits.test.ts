// Sizes, times and connections as HTTP clients see them.
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCaller } from '../support/calls.ts';
import { MODERN_META } from '../support/http-endpoint.ts';
import { type Product, startProduct } from '../support/product.ts';
import { keepConnection, openSocket, requestBytes, sendRequest } from '../support/raw-http.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

let workspace: Workspace;
let product: Product;
let port: number;

beforeAll(async () => {
  workspace = createWorkspace({
    'quayside.yaml': `
name: limits
version: 1.0.0
tools:
  echo: { description: Echo., input: { text: string }, file: ./echo.ts }
  slow: { description: Never ends., input: {}, file: ./slow.ts }
limits: { maxRequestSize: 64kb, requestTimeout: 400 }
`,
    'echo.ts': 'export default ({ text }: { text: string }) => text;\n',
    'slow.ts': 'export default () => new Promise(() => undefined);\n',
  });
  product = await startProduct({ definition: { path: workspace.definition } });
  port = Number(new URL(product.origin).port);
}, 60_000);

afterAll(async () => {
  await product?.stop();
  workspace?.remove();
});

const HEADERS = { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'tools/call', 'Mcp-Name': 'echo' };

function echo(text: string): string {
  const params = { name: 'echo', arguments: { text }, _meta: MODERN_META };
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
}

/** The bytes after the headers, which are not text where they are compressed. */
async function bytesOf(
  headers: Readonly<Record<string, string>>,
  text: string,
): Promise<{ head: string; body: Buffer }> {
  const socket = openSocket(port);
  socket.write(requestBytes({ body: echo(text), headers: { ...HEADERS, ...headers } }));
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const end = bytes.indexOf('\r\n\r\n');
  return { head: bytes.subarray(0, end).toString('latin1').toLowerCase(), body: bytes.subarray(end + 4) };
}

test('P79 S9: answers of at least 1024 bytes are compressed, for clients that accept it', async () => {
  const plain = await bytesOf({ 'Accept-Encoding': 'identity' }, '');
  const room = 1024 - plain.body.length;
  for (const [length, isCompressed] of [
    [room - 1, false],
    [room, true],
    [5000, true],
  ] as const) {
    const text = 'x'.repeat(length);
    const { head, body } = await bytesOf({ 'Accept-Encoding': 'gzip' }, text);
    expect([length, head.includes('content-encoding: gzip')]).toEqual([length, isCompressed]);
    const json = JSON.parse((isCompressed ? gunzipSync(body) : body).toString());
    expect(json.result.content[0].text).toBe(text);
  }
  for (const accepted of ['identity', 'br', 'gzip;q=0', 'deflate'])
    expect((await bytesOf({ 'Accept-Encoding': accepted }, 'x'.repeat(5000))).head).not.toContain(
      'content-encoding',
    );
  expect((await bytesOf({}, 'x'.repeat(5000))).head).not.toContain('content-encoding');
});

test('P79 S9: connections are kept for 65 s and used again', async () => {
  const connection = await keepConnection(port);
  for (let count = 0; count < 3; count++) {
    const answer = await connection.ask({ body: echo('x'), headers: HEADERS });
    expect([answer.status, answer.headers.connection, answer.headers['keep-alive']]).toEqual([
      200,
      'keep-alive',
      'timeout=65',
    ]);
  }
  connection.close();
});

test('P79 S9: a body at the limit is read, one byte more is 413', async () => {
  const padding = 65_536 - Buffer.byteLength(echo(''));
  const at = await sendRequest(port, { body: echo('x'.repeat(padding)), headers: HEADERS });
  expect([at.status, at.json.result.isError]).toEqual([200, undefined]);
  const above = await sendRequest(port, { body: echo('x'.repeat(padding + 1)), headers: HEADERS });
  expect([above.status, above.json.error.code, above.json.error.data.maxBytes]).toEqual([
    413, -32600, 65_536,
  ]);
});

test('P79 S9: a call that takes longer than `requestTimeout` is ended with an error that says so', async () => {
  const caller = createCaller(product.url);
  const startedAt = performance.now();
  const { status, json } = await caller.call('slow');
  expect([status, json.result.isError, json.result._meta.error.code]).toEqual([
    200,
    true,
    'HANDLER_TIMEOUT_ERROR',
  ]);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(390);
  expect((await caller.call('echo', { text: 'next' })).json.result.content[0].text).toBe('next');
  caller.close();
});
