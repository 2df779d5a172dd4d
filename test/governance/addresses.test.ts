// Address lists, and forwarding headers that lie.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Product, startProduct } from '../support/product.ts';
import { sendRequest } from '../support/raw-http.ts';

/** What a stranger may put into headers to look like somebody else. */
const FORGED: readonly Readonly<Record<string, string>>[] = [
  { 'X-Forwarded-For': '192.0.2.7' },
  { 'X-Forwarded-For': '192.0.2.7, 192.0.2.8' },
  { 'X-Real-IP': '192.0.2.7' },
  { Forwarded: 'for=192.0.2.7' },
  { Forwarded: 'for="[::ffff:192.0.2.7]:80"' },
  { 'X-Client-IP': '192.0.2.7', 'CF-Connecting-IP': '192.0.2.7', 'True-Client-IP': '192.0.2.7' },
];

const started: Product[] = [];

async function start(security: string, env: Readonly<Record<string, string>> = {}): Promise<number> {
  const yaml = `name: lists\nversion: 1.0.0\nsecurity:\n${security}\n  authentication: { apiKeys: [{ name: a, key: address-test-key-0123456789 }] }\n`;
  const product = await startProduct({ definition: { yaml }, env });
  started.push(product);
  return Number(new URL(product.origin).port);
}

afterAll(async () => {
  for (const product of started) await product.stop();
});

const status = async (port: number, target: string, headers: Readonly<Record<string, string>> = {}) =>
  (await sendRequest(port, { method: 'GET', target, headers })).status;

describe('P17: an address list without a trusted proxy', () => {
  let port: number;
  beforeAll(async () => {
    port = await start('  ipAllowlist: ["192.0.2.0/24"]');
  }, 60_000);

  test('refuses others before their credential is looked at, whatever their headers say', async () => {
    for (const headers of [{}, { 'X-Api-Key': 'address-test-key-0123456789' }, ...FORGED]) {
      for (const target of ['/mcp', '/health', '/', '/admin/diagnostics', '/metrics', '/nothing'])
        expect([target, headers, await status(port, target, headers)]).toEqual([target, headers, 403]);
    }
  });

  test('says nothing about why', async () => {
    const answer = await sendRequest(port, { body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' });
    expect(answer.json.error).toEqual({ code: -32002, message: 'Forbidden.' });
  });

  test('lets the liveness probe of this machine pass', async () => {
    expect([await status(port, '/live'), await status(port, '/liveness')]).toEqual([200, 200]);
  });
});

describe('P17 N6: an address list behind a trusted proxy', () => {
  let port: number;
  beforeAll(async () => {
    port = await start('  ipAllowlist: ["192.0.2.0/24"]\n  trustProxy: ["127.0.0.1", "10.0.0.0/8"]');
  }, 60_000);

  test.each([
    ['the address that the proxy saw counts', { 'X-Forwarded-For': '192.0.2.7' }, 200],
    ['what the client put before it does not', { 'X-Forwarded-For': '192.0.2.7, 198.51.100.1' }, 403],
    ['proxies within the list are passed over', { 'X-Forwarded-For': '192.0.2.7, 10.1.2.3' }, 200],
    ['an entry that is no address ends the chain', { 'X-Forwarded-For': '192.0.2.7, evil' }, 403],
    ['IPv4 in IPv6 counts as IPv4', { 'X-Forwarded-For': '::ffff:192.0.2.7' }, 200],
    ['Forwarded is read like X-Forwarded-For', { Forwarded: 'for=192.0.2.7;proto=https' }, 200],
    ['the liveness probe is only for this machine', { 'X-Forwarded-For': '198.51.100.1' }, 403],
  ] as const)('%s', async (title, headers, expected) => {
    const target = title.includes('liveness') ? '/live' : '/health';
    expect(await status(port, target, headers)).toBe(expected);
  });
});

test('P17: a number of hops counts from the right, so that a client cannot add one', async () => {
  const port = await start('  ipAllowlist: ["192.0.2.0/24"]\n  trustProxy: 1');
  expect(await status(port, '/health', { 'X-Forwarded-For': '192.0.2.7' })).toBe(200);
  expect(await status(port, '/health', { 'X-Forwarded-For': '192.0.2.7, 198.51.100.1' })).toBe(403);
}, 60_000);

test('P17: the list of the process and that of the definition must both match; the alias counts', async () => {
  const port = await start('  ipWhitelist: ["127.0.0.0/8", "192.0.2.0/24"]\n  trustProxy: ["127.0.0.1"]', {
    QUAYSIDE_IP_ALLOWLIST: '127.0.0.1,198.51.100.0/24',
  });
  const from = (address: string) => status(port, '/health', { 'X-Forwarded-For': address });
  expect(await status(port, '/health')).toBe(200);
  expect([await from('192.0.2.7'), await from('198.51.100.1')]).toEqual([403, 403]);
}, 60_000);
