// With authentication on, every method is closed to bad credentials and open to good ones, in both eras.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runQuayside } from '../support/finished-process.ts';
import { answerOf, call } from '../support/json-rpc.ts';
import { type Product, startProduct } from '../support/product.ts';

const TIMEOUT_MS = 60_000;

const goodKey = 'k7Qz-9vXw2LmN4pRt6YbH8cJd3FgS5aE';
const expiredKey = 'e7Qz-9vXw2LmN4pRt6YbH8cJd3FgS5aE';
const disabledKey = 'd7Qz-9vXw2LmN4pRt6YbH8cJd3FgS5aE';
const elsewhereKey = 'a7Qz-9vXw2LmN4pRt6YbH8cJd3FgS5aE';

const definition = `
name: guarded
version: 1.0.0
databases: { memory: { url: "sqlite:./guarded.db" } }
tools:
  one: { description: One., input: {}, database: memory, sql: SELECT 1 AS one }
prompts:
  greet: { template: Hello }
resources:
  - { uri: "text://a", name: A, content: a text }
security:
  authentication:
    headerName: X-Team-Key
    apiKeys:
      - { name: good, key: ${goodKey} }
      - { name: expired, key: ${expiredKey}, expiresAt: "2020-01-31" }
      - { name: disabled, key: ${disabledKey}, enabled: false }
      - { name: elsewhere, key: ${elsewhereKey}, allowedIps: [192.0.2.0/24] }
`;

/** Each with parameters that succeed. */
const methods: readonly (readonly [string, Record<string, unknown>])[] = [
  ['tools/list', {}],
  ['tools/call', { name: 'one', arguments: {} }],
  ['prompts/list', {}],
  ['prompts/get', { name: 'greet' }],
  ['resources/list', {}],
  ['resources/read', { uri: 'text://a' }],
];

let folder: string;
let product: Product;
let revokedKey: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quayside-authentication-'));
  writeFileSync(join(folder, 'guarded.db'), '');
  const path = join(folder, 'quayside.yaml');
  writeFileSync(path, definition);
  const data = join(folder, 'data');
  const { out } = await runQuayside(['keys', 'create', 'gone', '--data', data]);
  revokedKey = out.split('\n')[0] ?? '';
  await runQuayside(['keys', 'revoke', revokedKey.slice(3, 11), '--data', data]);
  product = await startProduct({ definition: { path }, data });
}, TIMEOUT_MS);

afterAll(async () => {
  await product?.stop();
  rmSync(folder, { recursive: true, force: true });
}, TIMEOUT_MS);

/** By name, since the last one is made only when the server starts. */
const badCredentials: Readonly<Record<string, readonly [() => Record<string, string>, string]>> = {
  'no key': [() => ({}), 'missing'],
  'a wrong key': [() => ({ 'X-Team-Key': 'w7Qz-9vXw2LmN4pRt6YbH8cJd3FgS5aE' }), 'invalid'],
  'a wrong bearer token': [() => ({ Authorization: 'Bearer qs_12345678_wrong' }), 'invalid'],
  'another scheme': [() => ({ Authorization: `Basic ${btoa(`good:${goodKey}`)}` }), 'invalid'],
  'an expired key': [() => ({ 'X-Team-Key': expiredKey }), 'expired'],
  'a disabled key': [() => ({ 'X-Team-Key': disabledKey }), 'disabled'],
  'a revoked key': [() => ({ Authorization: `Bearer ${revokedKey}` }), 'disabled'],
  'a good key in a header of another name': [() => ({ 'x-api-key': goodKey }), 'missing'],
};

describe.each(Object.entries(badCredentials))('with %s', (_, [headers, reason]) => {
  test.each(methods)('P13: %s is 401 in the modern era', async (method, params) => {
    const answer = await call(product.url, undefined, method, params, headers());
    expect(answer.status).toBe(401);
    expect(answer.headers.get('WWW-Authenticate')).toContain('Bearer');
    expect(await answerOf(answer)).toMatchObject({
      id: 1,
      error: { code: 4010, data: { reason, legacyCode: -32001 } },
    });
  });

  test.each([['initialize', initializeParams()] as const, ...methods])(
    'P13: %s is 401 in the legacy era',
    async (method, params) => {
      const answer = await legacy(method, params, headers());
      expect(answer.status).toBe(401);
      expect(await answerOf(answer)).toMatchObject({ id: 1, error: { code: -32001, data: { reason } } });
    },
  );
});

describe.each([
  ['in the configured header', () => ({ 'X-Team-Key': goodKey })],
  ['in that header, written otherwise', () => ({ 'x-team-key': goodKey })],
  ['as a bearer token', () => ({ Authorization: `Bearer ${goodKey}` })],
] as const)('with a good key %s', (_, headers) => {
  test.each(methods)('P13: %s is 200 in the modern era', async (method, params) => {
    const answer = await call(product.url, undefined, method, params, headers());
    expect(answer.status).toBe(200);
    expect((await answerOf(answer)).result).toBeDefined();
  });

  test('P13: every method is 200 in the legacy era', async () => {
    const opened = await legacy('initialize', initializeParams(), headers());
    expect(opened.status).toBe(200);
    await opened.text();
    const session = opened.headers.get('Mcp-Session-Id') ?? '';
    for (const [method, params] of methods) {
      const answer = await legacy(method, params, { ...headers(), 'Mcp-Session-Id': session });
      expect(answer.status, method).toBe(200);
      expect((await answerOf(answer)).result, method).toBeDefined();
    }
  });
});

test('P13: a session is closed to whoever has no key, or another one', async () => {
  const opened = await legacy('initialize', initializeParams(), { 'X-Team-Key': goodKey });
  await opened.text();
  const session = { 'Mcp-Session-Id': opened.headers.get('Mcp-Session-Id') ?? '' };
  expect((await legacy('tools/list', {}, session)).status).toBe(401);
  const stream = await fetch(product.url, { headers: { ...session, Accept: 'text/event-stream' } });
  expect(stream.status).toBe(401);
  expect((await fetch(product.url, { method: 'DELETE', headers: session })).status).toBe(401);
});

test('P12: a key with an address list is refused from elsewhere, without saying why', async () => {
  const answer = await call(product.url, elsewhereKey, 'tools/list');
  expect(answer.status).toBe(403);
  expect(JSON.stringify(await answerOf(answer))).not.toContain('192.0.2');
});

function initializeParams() {
  return {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'authentication', version: '1.0.0' },
  };
}

function legacy(
  method: string,
  params: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  return fetch(product.url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
}
