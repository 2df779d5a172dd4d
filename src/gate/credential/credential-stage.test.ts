import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testDefinition } from '../../../test/support/definition.ts';
import { testExchange } from '../../../test/support/exchange.ts';
import type { GateEvents } from '../events.ts';
import { credentialStage } from './credential-stage.ts';
import { type KeyFile, openKeyFile } from './key-file.ts';
import { sha256Hex } from './key-hash.ts';

const NOW = Date.parse('2026-01-15T12:00:00Z');
const SALT = 'a-salt-for-tests';
let directory: string;
let keyFile: KeyFile;
let seen: string[];
const events: GateEvents = {
  authenticated: (method, result) => seen.push(`${method}:${result}`),
  denied: () => undefined,
  limited: () => undefined,
  limitWarning: () => undefined,
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'quayside-keys-'));
  keyFile = openKeyFile({ path: join(directory, 'keys.json'), salt: SALT, watch: false });
  seen = [];
});
afterEach(() => {
  keyFile.close();
  rmSync(directory, { recursive: true });
});

function prepare(authentication: object | undefined) {
  const definition = testDefinition({ security: authentication === undefined ? {} : { authentication } });
  const stage = credentialStage({ keyFile, salt: SALT, now: () => NOW, events });
  const prepared = stage.prepare({ slug: 'test', definition });
  if (prepared === undefined) throw new Error('the credential stage applies always');
  return async (headers: Record<string, string>, overrides = {}) => {
    const exchange = testExchange({ headers, ...overrides });
    return { refusal: await prepared.enter(exchange), principal: exchange.principal };
  };
}

const KEYS = {
  enabled: true,
  headerName: 'X-Api-Key',
  allowAnonymous: false,
  apiKeys: [
    { name: 'good', key: 'good-key-with-length', enabled: true, allowedIps: [], permissions: ['tools:x'] },
    {
      name: 'hashed',
      keyHash: `sha256:${sha256Hex('hashed-key-with-length')}`,
      enabled: true,
      allowedIps: [],
    },
    { name: 'old', key: 'old-key-with-length', enabled: true, allowedIps: [], expiresAt: NOW },
    { name: 'off', key: 'off-key-with-length', enabled: false, allowedIps: [] },
    { name: 'early', key: 'early-key-with-length', enabled: true, allowedIps: [], notBefore: '2026-02-01' },
    { name: 'empty', enabled: true, allowedIps: [] },
    { name: 'office', key: 'office-key-with-length', enabled: true, allowedIps: ['192.0.2.0/24'] },
  ],
};

test('P12: a key is accepted in its header, whatever the case, and as a bearer token', async () => {
  const enter = prepare(KEYS);
  expect((await enter({ 'x-api-key': 'good-key-with-length' })).principal).toMatchObject({
    name: 'good',
    permissions: ['tools:x'],
  });
  expect((await enter({ authorization: 'Bearer hashed-key-with-length' })).principal).toMatchObject({
    name: 'hashed',
    permissions: ['tools:*', 'prompts:*', 'resources:*'],
  });
  expect(
    (await enter({ 'x-api-key': 'good-key-with-length', authorization: 'bearer good-key-with-length' }))
      .refusal,
  ).toBeUndefined();
});

test.each([
  [{}, 'missing'],
  [{ 'x-api-key': 'unknown-key-with-length' }, 'invalid'],
  [{ 'x-api-key': '' }, 'invalid'],
  [{ authorization: 'Basic Z29vZDprZXk=' }, 'invalid'],
  [{ 'x-api-key': 'old-key-with-length' }, 'expired'],
  [{ 'x-api-key': 'off-key-with-length' }, 'disabled'],
  [{ 'x-api-key': 'early-key-with-length' }, 'not_yet_valid'],
  [{ 'x-api-key': 'good-key-with-length', authorization: 'Bearer other' }, 'conflicting'],
])('P12, P13: %o is refused as %s', async (headers, reason) => {
  const { refusal, principal } = await prepare(KEYS)(headers as Record<string, string>);
  expect(refusal).toMatchObject({
    code: 'unauthenticated',
    data: { reason },
    headers: { 'www-authenticate': 'Bearer' },
  });
  expect(principal).toBeUndefined();
  expect(seen).toEqual([`key:${reason}`]);
});

test('P12: a key with an address list works from there only', async () => {
  const enter = prepare(KEYS);
  const headers = { 'x-api-key': 'office-key-with-length' };
  expect((await enter(headers, { clientAddress: '192.0.2.4' })).refusal).toBeUndefined();
  expect((await enter(headers, { clientAddress: '192.0.3.4' })).refusal).toMatchObject({
    code: 'address_refused',
  });
});

test('P13: a failed credential is never answered as anonymous, no credential is where allowed', async () => {
  const enter = prepare({ ...KEYS, allowAnonymous: true });
  expect((await enter({})).principal).toMatchObject({ type: 'anonymous', permissions: [] });
  expect((await enter({ 'x-api-key': 'unknown-key-with-length' })).refusal).toMatchObject({
    code: 'unauthenticated',
  });
});

test('without an authentication block everybody is the open principal', async () => {
  expect((await prepare(undefined)({})).principal).toMatchObject({ type: 'anonymous', permissions: ['*:*'] });
});

test('P12: a created key works at once, a revoked one no longer, and the file holds no key', async () => {
  const enter = prepare(KEYS);
  const { key, stored } = keyFile.create({ name: 'laptop' }, new Date(NOW));
  expect(key).toMatch(/^qs_[A-Za-z0-9]{8}_[A-Za-z0-9_-]{43}$/);
  expect((await enter({ 'x-api-key': key })).principal).toMatchObject({ id: stored.id, name: 'laptop' });
  const path = join(directory, 'keys.json');
  expect(readFileSync(path, 'utf8')).not.toContain(key.slice(12));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(keyFile.revoke(stored.id)).toBe(true);
  expect((await enter({ 'x-api-key': key })).refusal).toMatchObject({ data: { reason: 'disabled' } });
  expect(keyFile.revoke('unknown0')).toBe(false);
});

test('P12: a key made under the previous salt stays valid while the salt changes', async () => {
  const { key } = keyFile.create({ name: 'kept' }, new Date(NOW));
  const definition = testDefinition({ security: { authentication: { ...KEYS, apiKeys: [] } } });
  const stage = credentialStage({
    keyFile,
    salt: 'the-new-salt-of-tests',
    previousSalt: SALT,
    now: () => NOW,
    events,
  });
  const exchange = testExchange({ headers: { 'x-api-key': key } });
  expect(await stage.prepare({ slug: 'test', definition })?.enter(exchange)).toBeUndefined();
  expect(exchange.principal).toMatchObject({ name: 'kept' });
});

test('a key file that is damaged is reported with its path and never overwritten', () => {
  const path = join(directory, 'broken.json');
  writeFileSync(path, '{"keys": [{"id": 1}]}');
  expect(() => openKeyFile({ path, salt: SALT, watch: false })).toThrow(path);
});
