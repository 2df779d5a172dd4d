// Who gets in: every method with every kind of bad credential, every route of every port, every permission.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answered, MODERN_META, modern, postJson } from '../support/http-endpoint.ts';
import { createSession } from '../support/mcp-session.ts';
import { type GovernedServer, KEYS, startGovernedServer } from './governed-server.ts';

let server: GovernedServer;

beforeAll(async () => {
  server = await startGovernedServer();
}, 90_000);

afterAll(() => server?.close());

type Headers = Readonly<Record<string, string>>;

/** A method of one era, with an id of its own that each answer must carry. */
interface Method {
  readonly title: string;
  readonly id: number;
  readonly send: (credential: Headers) => Promise<Answered>;
}

const OPERATIONS: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ['tools/list', {}],
  ['tools/call', { name: 'alpha', arguments: {} }],
  ['prompts/get', { name: 'greet' }],
  ['resources/read', { uri: 'docs://guide' }],
];

const modernMethods: readonly Method[] = [['server/discover', {}] as const, ...OPERATIONS].map(
  ([method, params], index) => ({
    title: `${method} (modern)`,
    id: 100 + index,
    send: (credential) => modern(server.url, { method, params, id: 100 + index, headers: credential }),
  }),
);

const INITIALIZE = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
};

/** Sessions belong to whoever opened them: those without a valid key of their own try the valid one's. */
const sessions = new Map<string, string>();

const legacyMethods: readonly Method[] = [
  ['initialize', INITIALIZE] as const,
  ['ping', {}] as const,
  ...OPERATIONS,
].map(([method, params], index) => ({
  title: `${method} (legacy)`,
  id: 200 + index,
  async send(credential) {
    const key = credential['x-api-key'] === server.stored.key ? server.stored.key : KEYS.valid;
    const session = sessions.get(key) ?? (await createSession(server.url, { key })).id;
    sessions.set(key, session);
    const own = method === 'initialize' ? {} : { 'mcp-session-id': session };
    return postJson(
      server.url,
      { jsonrpc: '2.0', id: 200 + index, method, params },
      { ...own, ...credential },
    );
  },
}));

const METHODS = [...modernMethods, ...legacyMethods];

const BAD: readonly (readonly [string, string, () => Headers])[] = [
  ['no key', 'missing', () => ({})],
  ['a wrong key', 'invalid', () => ({ 'x-api-key': 'qs_00000000_wrong' })],
  ['a wrong bearer', 'invalid', () => ({ authorization: 'Bearer wrong' })],
  ['another scheme', 'invalid', () => ({ authorization: `Basic ${KEYS.valid}` })],
  ['an empty key', 'invalid', () => ({ 'x-api-key': '' })],
  ['an expired key', 'expired', () => ({ 'x-api-key': KEYS.expired })],
  ['a disabled key', 'disabled', () => ({ authorization: `Bearer ${KEYS.disabled}` })],
  ['a key that is not yet valid', 'not_yet_valid', () => ({ 'x-api-key': KEYS.early })],
  [
    'two different keys',
    'conflicting',
    () => ({ 'x-api-key': KEYS.valid, authorization: `Bearer ${KEYS.alpha}` }),
  ],
];

async function expectRefused(method: Method, credential: Headers, reason: string): Promise<void> {
  const answer = await method.send(credential);
  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  expect(answer.json).toMatchObject({
    jsonrpc: '2.0',
    id: method.id,
    error: { code: method.title.includes('legacy') ? -32001 : 4010, data: { reason } },
  });
  expect(answer.json.error.message).toContain('x-api-key');
}

describe('P13 N1: without a valid key no method answers', () => {
  test.each(METHODS.map((method) => [method.title, method] as const))('%s', async (_title, method) => {
    for (const [, reason, credential] of BAD) await expectRefused(method, credential(), reason);
  });
});

test('P13 N1: with a valid key every method answers, in both headers and in any case of their names', async () => {
  for (const credential of [
    { 'x-api-key': KEYS.valid },
    { 'X-API-KEY': KEYS.valid },
    { authorization: `Bearer ${KEYS.valid}` },
    { authorization: `bearer ${KEYS.valid}` },
    { 'x-api-key': KEYS.valid, authorization: `Bearer ${KEYS.valid}` },
  ]) {
    for (const method of METHODS) {
      const answer = await method.send(credential);
      expect([method.title, answer.status, answer.json.error]).toEqual([method.title, 200, undefined]);
    }
  }
});

test('P12: a key in the query is ignored', async () => {
  const answer = await modern(`${server.url}?api_key=${KEYS.valid}&x-api-key=${KEYS.valid}`, {
    method: 'tools/list',
  });
  expect([answer.status, answer.json.error.data.reason]).toEqual([401, 'missing']);
});

test('P12 P13: a stored key works until it is revoked, and a second later no method answers it', async () => {
  const credential = { 'x-api-key': server.stored.key };
  for (const method of METHODS)
    expect([method.title, (await method.send(credential)).json.error]).toEqual([method.title, undefined]);
  const { headers } = await createSession(server.url, { key: server.stored.key });
  const stream = await fetch(server.url, { headers: { ...headers, accept: 'text/event-stream' } });
  const listening = await fetch(server.url, {
    method: 'POST',
    headers: {
      ...credential,
      'content-type': 'application/json',
      accept: 'text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'subscriptions/listen',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'subscriptions/listen',
      params: { _meta: MODERN_META, notifications: { toolsListChanged: true } },
    }),
  });
  expect([stream.status, listening.status]).toEqual([200, 200]);
  server.stored.revoke();
  const revokedAt = performance.now();
  const status = async () => (await modern(server.url, { method: 'tools/list', headers: credential })).status;
  await expect.poll(status, { timeout: 15_000, interval: 50 }).toBe(401);
  // A second by the specification; the test machine gets some more.
  expect(performance.now() - revokedAt).toBeLessThan(5000);
  // Streams that the key opened end with it: otherwise reading them to the end would never return.
  await Promise.all([stream.text(), listening.text()]);
  for (const method of METHODS) await expectRefused(method, credential, 'disabled');
}, 60_000);

test('P17: a key with addresses of its own is refused from elsewhere, also behind a proxy', async () => {
  const send = (headers: Headers) =>
    modern(server.url, { method: 'tools/list', headers: { 'x-api-key': KEYS.elsewhere, ...headers } });
  expect((await send({})).status).toBe(403);
  expect((await send({ 'x-forwarded-for': '198.51.100.7' })).status).toBe(403);
  expect((await send({ 'x-forwarded-for': '192.0.2.9' })).status).toBe(200);
});

describe('permissions', () => {
  const tools = (key: string) => modern(server.url, { method: 'tools/list', headers: { 'x-api-key': key } });
  const call = (key: string, name: string) =>
    modern(server.url, {
      method: 'tools/call',
      params: { name, arguments: {} },
      headers: { 'x-api-key': key },
    });

  test('N5: a key with its own list is not widened by the default grants', async () => {
    const refused = await call(KEYS.reader, 'alpha');
    expect([refused.status, refused.json.error.code, refused.json.error.data.required]).toEqual([
      403,
      4030,
      ['tools:alpha', 'tools:call'],
    ]);
    const { headers } = await createSession(server.url, { key: KEYS.reader });
    const body = { jsonrpc: '2.0', id: 5, method: 'tools/call', params: { name: 'alpha', arguments: {} } };
    const legacy = await postJson(server.url, body, headers);
    expect([legacy.status, legacy.json.id, legacy.json.error.code]).toEqual([403, 5, -32002]);
    const read = await modern(server.url, {
      method: 'resources/read',
      params: { uri: 'docs://guide' },
      headers: { 'x-api-key': KEYS.reader },
    });
    expect([read.status, read.json.result.contents[0].text]).toEqual([200, 'The guide.']);
  });

  test('P15: a list shows what a key may use; what it may not, it cannot call', async () => {
    const names = async (key: string) =>
      (await tools(key)).json.result.tools.map(({ name }: { name: string }) => name);
    expect(await names(KEYS.valid)).toEqual(['alpha', 'beta']);
    expect(await names(KEYS.alpha)).toEqual(['alpha']);
    expect((await call(KEYS.alpha, 'alpha')).status).toBe(200);
    for (const key of [KEYS.alpha, KEYS.denied]) expect((await call(key, 'beta')).status).toBe(403);
  });
});
