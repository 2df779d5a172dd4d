// Browsers: foreign Host and Origin on every port and path, and what allowed origins are told.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { MODERN_META } from '../support/http-endpoint.ts';
import { type Product, startProduct } from '../support/product.ts';
import { sendRequest } from '../support/raw-http.ts';

const ORIGIN = 'https://app.example.com';
const YAML = `
name: web
version: 1.0.0
security:
  cors: ["${ORIGIN}"]
  hosts: [mcp.example.com]
  authentication: { headerName: x-web-key, apiKeys: [{ name: a, key: origin-test-key-0123456789 }] }
transport: { sse: true }
`;

let product: Product;
let ports: readonly number[];

beforeAll(async () => {
  const metricsPort = await freePort();
  product = await startProduct({
    definition: { yaml: YAML },
    env: {
      METRICS_PORT: String(metricsPort),
      QUAYSIDE_PUBLIC_URL: 'https://public.example.com',
      ALLOWED_HOSTS: 'internal.example',
    },
  });
  ports = [Number(new URL(product.origin).port), metricsPort];
}, 60_000);

afterAll(() => product?.stop());

const PATHS = [
  '/',
  '/mcp',
  '/mcp/web',
  '/mcp/other',
  '/sse',
  '/messages',
  '/live',
  '/health',
  '/ready',
  '/metrics',
  '/version',
  '/admin/diagnostics',
  '/nothing',
];
const METHODS = ['GET', 'POST', 'DELETE', 'OPTIONS'];

const FOREIGN: readonly Readonly<Record<string, string>>[] = [
  { Host: 'evil.example' },
  { Host: '127.0.0.1.evil.example' },
  { Host: 'mcp.example.com.evil.example' },
  { Origin: 'https://evil.example' },
  { Origin: 'null' },
  { Origin: 'https://app.example.com.evil.example' },
  { Origin: 'http://app.example.com' },
];

test('P11 N6: a foreign Host or Origin is 403 on every port, path and method, and learns nothing', async () => {
  for (const port of ports) {
    for (const target of PATHS) {
      for (const method of METHODS) {
        for (const headers of FOREIGN) {
          const body = method === 'POST' ? '{}' : undefined;
          const answer = await sendRequest(port, { method, target, headers, body });
          const where = [port, method, target, headers];
          expect([...where, answer.status]).toEqual([...where, 403]);
          expect(answer.headers['access-control-allow-origin']).toBeUndefined();
        }
      }
    }
  }
}, 120_000);

test('P11: the refusal names the setting to add', async () => {
  const send = (headers: Readonly<Record<string, string>>) =>
    sendRequest(ports[0] ?? 0, { body: '{"jsonrpc":"2.0","id":3,"method":"ping"}', headers });
  const host = await send({ Host: 'evil.example' });
  expect(host.json.error.message).toContain('add "evil.example" to security.hosts or ALLOWED_HOSTS');
  const origin = await send({ Origin: 'https://evil.example' });
  expect(origin.json.error.message).toContain('add "https://evil.example" to security.cors');
  // The body is not read before the Host is right, so its id cannot be known.
  expect(host.json.id).toBeNull();
});

test('P11: names from the bind address, the definition, ALLOWED_HOSTS and the public URL are allowed', async () => {
  for (const host of [
    '127.0.0.1',
    'localhost:1234',
    '[::1]:80',
    'mcp.example.com',
    'MCP.EXAMPLE.COM:443',
    'internal.example',
    'public.example.com',
  ]) {
    const { status } = await sendRequest(ports[0] ?? 0, {
      method: 'GET',
      target: '/live',
      headers: { Host: host },
    });
    expect([host, status]).toEqual([host, 200]);
  }
  for (const origin of [
    ORIGIN,
    'http://localhost:5173',
    'https://public.example.com',
    'http://127.0.0.1:8080',
  ]) {
    const { status } = await sendRequest(ports[0] ?? 0, {
      method: 'GET',
      target: '/live',
      headers: { Origin: origin },
    });
    expect([origin, status]).toEqual([origin, 200]);
  }
});

test('P11: a preflight of an allowed origin names methods and headers, without a credential and without `*`', async () => {
  for (const target of ['/mcp', '/mcp/web', '/health', '/admin/diagnostics']) {
    const answer = await sendRequest(ports[0] ?? 0, {
      method: 'OPTIONS',
      target,
      headers: {
        Origin: ORIGIN,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'content-type, x-web-key, mcp-param-region, x-anything',
      },
    });
    expect([target, answer.status, answer.headers['access-control-allow-origin']]).toEqual([
      target,
      204,
      ORIGIN,
    ]);
    const allowed = (answer.headers['access-control-allow-headers'] ?? '').split(', ');
    expect(allowed).toEqual(
      expect.arrayContaining([
        'content-type',
        'authorization',
        'x-web-key',
        'mcp-session-id',
        'mcp-protocol-version',
        'mcp-param-region',
      ]),
    );
    expect(allowed).not.toContain('x-anything');
    expect(answer.headers.vary).toContain('Origin');
    expect(JSON.stringify(answer.headers)).not.toContain('*');
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
  }
});

test('P11: answers to an allowed origin can be read by it, refusals too', async () => {
  const send = (headers: Readonly<Record<string, string>>) =>
    sendRequest(ports[0] ?? 0, {
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: MODERN_META } }),
      headers: {
        Origin: ORIGIN,
        'MCP-Protocol-Version': '2026-07-28',
        'Mcp-Method': 'tools/list',
        ...headers,
      },
    });
  for (const [answer, status] of [
    [await send({ 'X-Web-Key': 'origin-test-key-0123456789' }), 200],
    [await send({}), 401],
  ] as const) {
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([status, ORIGIN]);
    for (const name of ['Mcp-Session-Id', 'Retry-After', 'WWW-Authenticate', 'RateLimit'])
      expect(answer.headers['access-control-expose-headers']).toContain(name);
  }
});
