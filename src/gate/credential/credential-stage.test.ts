import { beforeEach, expect, test } from 'vitest';
import { testDefinition } from '../../../test/support/definition.ts';
import { testExchange } from '../../../test/support/exchange.ts';
import type { GateEvents } from '../events.ts';
import { credentialStage } from './credential-stage.ts';
import { generateKey, pepperedHash, sha256Hex } from './key-hash.ts';
import type { StoredKey } from './stored-key.ts';

const NOW = Date.parse('2026-01-15T12:00:00Z');
const SALT = 'a-salt-for-tests';
let stored: readonly StoredKey[];
let seen: string[];
const events: GateEvents = {
  authenticated: (method, result) => seen.push(`${method}:${result}`),
  denied: () => undefined,
  limited: () => undefined,
  limitWarning: () => undefined,
};

const keys = { keys: () => stored, onChange: () => () => undefined };

beforeEach(() => {
  stored = [];
  seen = [];
});

/** Puts a key into the store as far as the stage can see it. */
function storeKey(
  more: Partial<StoredKey> = {},
  salt = SALT,
): { readonly key: string; readonly stored: StoredKey } {
  const { id, key } = generateKey();
  const made: StoredKey = {
    id,
    name: 'laptop',
    tenantId: 'default',
    tenantIds: [],
    keyHash: pepperedHash(sha256Hex(key), salt).toString('hex'),
    roles: [],
    enabled: true,
    allowedIps: [],
    createdAt: NOW,
    use: { at: 0, rehash: undefined },
    ...more,
  };
  stored = [...stored, made];
  return { key, stored: made };
}

function change(id: string, more: Partial<StoredKey>): void {
  stored = stored.map((key) => (key.id === id ? { ...key, ...more } : key));
}

function prepare(authentication: object | undefined) {
  const definition = testDefinition({ security: authentication === undefined ? {} : { authentication } });
  const stage = credentialStage({ keys, salt: SALT, now: () => NOW, events });
  const prepared = stage.prepare({ slug: 'test', definition });
  if (prepared === undefined) throw new Error('the credential stage applies always');
  return async (headers: Record<string, string>, overrides = {}) => {
    const exchange = testExchange({ headers, ...overrides });
    return { refusal: await prepared.enter(exchange), principal: exchange.principal, prepared };
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

test('P12: a key of the store works at once, and no longer once it is revoked', async () => {
  const enter = prepare(KEYS);
  const { key, stored: made } = storeKey();
  expect(key).toMatch(/^qs_[A-Za-z0-9]{8}_[A-Za-z0-9_-]{43}$/);
  expect((await enter({ 'x-api-key': key })).principal).toMatchObject({ id: made.id, name: 'laptop' });
  expect(made.use.at).toBe(NOW);
  change(made.id, { revokedAt: NOW });
  expect((await enter({ 'x-api-key': key })).refusal).toMatchObject({ data: { reason: 'disabled' } });
});

test.each([
  [{ expiresAt: NOW }, 'expired'],
  [{ notBefore: NOW + 1 }, 'not_yet_valid'],
  [{ enabled: false }, 'disabled'],
])('P12: a key of the store with %o is refused as %s', async (more, reason) => {
  const { key } = storeKey(more);
  expect((await prepare(KEYS)({ 'x-api-key': key })).refusal).toMatchObject({ data: { reason } });
});

test('P12 P17: a key of the store with an address list works from there only', async () => {
  const { key } = storeKey({ allowedIps: ['192.0.2.0/24'] });
  const enter = prepare(KEYS);
  expect((await enter({ 'x-api-key': key }, { clientAddress: '192.0.2.9' })).refusal).toBeUndefined();
  expect((await enter({ 'x-api-key': key }, { clientAddress: '192.0.3.9' })).refusal).toMatchObject({
    code: 'address_refused',
  });
});

test('P12: a key made under the previous salt stays valid, and leaves its hash under the new one', async () => {
  const { key, stored: made } = storeKey();
  const definition = testDefinition({ security: { authentication: { ...KEYS, apiKeys: [] } } });
  const salt = 'the-new-salt-of-tests';
  const stage = credentialStage({ keys, salt, previousSalt: SALT, now: () => NOW, events });
  const exchange = testExchange({ headers: { 'x-api-key': key } });
  expect(await stage.prepare({ slug: 'test', definition })?.enter(exchange)).toBeUndefined();
  expect(exchange.principal).toMatchObject({ id: made.id });
  expect(made.use.rehash).toBe(pepperedHash(sha256Hex(key), salt).toString('hex'));
});

test('P15: default grants are for those who carry nothing of their own, and a role is something', async () => {
  const enter = prepare(KEYS);
  const permissionsOf = async (more: Partial<StoredKey>) =>
    (await enter({ 'x-api-key': storeKey(more).key })).principal?.permissions;
  expect(await permissionsOf({})).toEqual(['tools:*', 'prompts:*', 'resources:*']);
  expect(await permissionsOf({ permissions: ['tools:x'] })).toEqual(['tools:x']);
  expect(await permissionsOf({ permissions: [] })).toEqual([]);
  expect(await permissionsOf({ roles: ['guest'] })).toEqual([]);
  expect(await permissionsOf({ roles: ['nobody knows this'] })).toEqual([]);
});

test('P12: what was let in holds until the key is revoked, expires, moves or loses rights', async () => {
  const enter = prepare(KEYS);
  const { key, stored: made } = storeKey({ permissions: ['tools:x'] });
  const { principal, prepared } = await enter({ 'x-api-key': key });
  if (principal === undefined) throw new Error('the key was not admitted');
  const holds = (clientAddress = '127.0.0.1') => prepared.holds?.({ principal, slug: 'test', clientAddress });
  expect(holds()).toBe(true);
  change(made.id, { name: 'another name' });
  expect(holds()).toBe(true);
  for (const more of [
    { revokedAt: NOW },
    { enabled: false },
    { expiresAt: NOW },
    { permissions: ['tools:y'] },
    { roles: ['guest'] },
    { allowedIps: ['192.0.2.0/24'] },
  ]) {
    const before = stored;
    change(made.id, more);
    expect([more, holds()]).toEqual([more, false]);
    stored = before;
    expect(holds()).toBe(true);
  }
  stored = [];
  expect(holds()).toBe(false);
});
