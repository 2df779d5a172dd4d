// The keys of an issuer while time passes: roll-over, outage, withdrawal. Real documents over real sockets, a fake clock.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTokenAccess, type TokenAccess, watchIssuers } from '../../src/app/tokens.ts';
import { createEgress, type Egress } from '../../src/egress/egress.ts';
import { credentialStage } from '../../src/gate/credential/credential-stage.ts';
import type { PreparedRequestStage } from '../../src/gate/stage.ts';
import type { Component, Finding } from '../../src/operations/health/health.ts';
import { testDefinition } from '../support/definition.ts';
import { testExchange } from '../support/exchange.ts';
import { handMadePlans, handMadeServer } from '../support/hand-made-plan.ts';
import { SILENT_LOG } from '../support/http-endpoint.ts';
import { createSigningKey, signToken, startIssuer, type TestIssuer } from '../support/issuer.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const first = createSigningKey('first');
const second = createSigningKey('second', 'ES256');

let now: number;
let issuer: TestIssuer;
let egress: Egress;
let identity: TokenAccess;
let stage: PreparedRequestStage;
let health: () => Promise<Finding>;

beforeEach(async () => {
  now = Date.UTC(2026, 10, 20);
  issuer = await startIssuer([first]);
  egress = createEgress({ allow: '', log: SILENT_LOG });
  identity = createTokenAccess({ egress, log: SILENT_LOG, publicUrl: undefined, now: () => now });
  const definition = testDefinition({
    security: {
      authentication: { jwt: { issuers: [{ issuer: issuer.issuer, audience: 'shop' }] } },
    },
  });
  stage = prepare(identity, definition);
  health = watchHealth(identity, definition);
});

afterEach(async () => {
  await egress.close();
  await issuer.close();
});

function prepare(tokens: TokenAccess, definition: ReturnType<typeof testDefinition>): PreparedRequestStage {
  const prepared = credentialStage({
    keys: { keys: () => [], onChange: () => () => undefined },
    salt: 'a-salt-for-tests',
    now: () => now,
    events: {
      authenticated: () => undefined,
      denied: () => undefined,
      limited: () => undefined,
      limitWarning: () => undefined,
    },
    tokens,
  }).prepare({ slug: 'test', definition });
  if (prepared === undefined) throw new Error('the credential stage applies always');
  return prepared;
}

function watchHealth(
  tokens: TokenAccess,
  definition: ReturnType<typeof testDefinition>,
): () => Promise<Finding> {
  const components: Component[] = [];
  watchIssuers(tokens, handMadePlans([{ ...handMadeServer({}), definition }]), {
    add(component) {
      components.push(component);
      return () => undefined;
    },
    start: async () => undefined,
    stop: () => undefined,
    report: () => ({ status: 'healthy', components: {} }),
  });
  return async () => {
    const found = await components[0]?.check(AbortSignal.timeout(5000));
    if (found === undefined) throw new Error('no component was added');
    return found;
  };
}

/** The subject that was let in, or the word of the refusal. */
async function enter(token: string): Promise<unknown> {
  const exchange = testExchange({ headers: { authorization: `Bearer ${token}` } });
  const refusal = await stage.enter(exchange);
  if (refusal === undefined) return exchange.principal?.userId;
  return refusal.code === 'unauthenticated' ? refusal.data?.reason : refusal.code;
}

const tokenBy = (key: typeof first, claims = {}) =>
  signToken(
    key,
    { iss: issuer.issuer, aud: 'shop', exp: Math.floor(now / 1000) + 48 * 3600, ...claims },
    { now },
  );

describe('P14 G2: roll-over', () => {
  test('a token of a new key passes at once, without a restart', async () => {
    expect(await enter(await tokenBy(first))).toBe('ada');
    issuer.keys = [first.jwk, second.jwk];
    expect(await enter(await tokenBy(second))).toBe('ada');
    expect(issuer.fetches).toBe(2);
  });

  test('unknown key ids fetch at most once in 30 s, and all that wait share one fetch', async () => {
    expect(await enter(await tokenBy(first))).toBe('ada');
    const stranger = createSigningKey('stranger');
    const tokens = await Promise.all(
      Array.from({ length: 50 }, (_, index) => tokenBy({ ...stranger, kid: `stranger-${index}` })),
    );
    expect(await Promise.all(tokens.map(enter))).toEqual(tokens.map(() => 'invalid'));
    expect(issuer.fetches).toBe(2);
    now += 29 * SECOND;
    issuer.keys = [first.jwk, second.jwk];
    expect(await enter(await tokenBy(second))).toBe('invalid');
    expect(issuer.fetches).toBe(2);
    now += SECOND;
    expect(await enter(await tokenBy(second))).toBe('ada');
    expect(issuer.fetches).toBe(3);
  });

  test('the keys are kept for 10 minutes, and a withdrawn one lets nobody in after that, known token or not', async () => {
    const token = await tokenBy(first);
    expect(await enter(token)).toBe('ada');
    issuer.keys = [second.jwk];
    now += 10 * MINUTE - 1;
    expect(await enter(token)).toBe('ada');
    expect(issuer.fetches).toBe(1);
    now += 1;
    await enter(token);
    await expect.poll(() => issuer.fetches).toBe(2);
    await expect.poll(() => enter(token)).toBe('invalid');
    expect(await enter(await tokenBy(second))).toBe('ada');
  });
});

describe('P14 G2: the issuer is down', () => {
  test('for an hour: known keys let in, unknown do not, health is degraded; then it comes back', async () => {
    const known = await tokenBy(first);
    expect(await enter(known)).toBe('ada');
    expect((await health()).status).toBe('healthy');
    issuer.isDown = true;
    now += HOUR;
    expect([
      await enter(known),
      await enter(await tokenBy(first)),
      await enter(await tokenBy(second)),
    ]).toEqual(['ada', 'ada', 'invalid']);
    const degraded = await health();
    expect(degraded.status).toBe('degraded');
    expect(degraded.message).toContain(`The keys of ${issuer.issuer} are 60 min old`);
    issuer.isDown = false;
    now += MINUTE;
    expect(await enter(await tokenBy(first))).toBe('ada');
    expect((await health()).status).toBe('healthy');
  });

  test('for 24 hours: nobody is let in by keys of yesterday, and the answer says that it may be tried again', async () => {
    const known = await tokenBy(first);
    expect(await enter(known)).toBe('ada');
    issuer.isDown = true;
    now += 24 * HOUR - 1;
    expect([await enter(known), await enter(await tokenBy(first))]).toEqual(['ada', 'ada']);
    now += 1;
    expect([await enter(known), await enter(await tokenBy(first))]).toEqual([
      'issuer_unavailable',
      'issuer_unavailable',
    ]);
    issuer.isDown = false;
    now += MINUTE;
    expect(await enter(known)).toBe('ada');
  });

  test('from the start: nobody is let in until it answers', async () => {
    issuer.isDown = true;
    expect(await enter(await tokenBy(first))).toBe('issuer_unavailable');
    expect((await health()).message).toContain(`There are no keys of ${issuer.issuer}`);
    issuer.isDown = false;
    now += 2 * SECOND;
    expect(await enter(await tokenBy(first))).toBe('ada');
  });
});

describe('P14: what an issuer says is not taken on trust', () => {
  test.each([
    ['a document of another issuer', { issuer: 'http://127.0.0.1:1' }],
    ['keys in clear over the network', { jwks_uri: 'http://keys.example.com/keys' }],
    ['keys on a private address that nobody opened', { jwks_uri: 'https://10.0.0.1/keys' }],
    ['keys on another port of this machine', { jwks_uri: 'http://127.0.0.1:1/keys' }],
    ['no keys', { jwks_uri: undefined }],
  ])('%s: nobody is let in', async (_, discovery) => {
    issuer.discovery = discovery;
    expect(await enter(await tokenBy(first))).toBe('issuer_unavailable');
  });

  test('a set of more than 100 keys, and one that is too large, leave the keys before in force', async () => {
    expect(await enter(await tokenBy(first))).toBe('ada');
    for (const keys of [
      Array.from({ length: 101 }, (_, index) => ({ ...second.jwk, kid: `key-${index}` })),
      [{ ...second.jwk, note: 'x'.repeat(600_000) }],
    ]) {
      issuer.keys = keys;
      now += 30 * SECOND;
      expect(await enter(await tokenBy(second))).toBe('invalid');
      expect(await enter(await tokenBy(first))).toBe('ada');
      expect((await health()).status).toBe('degraded');
    }
  });

  test('secrets, private halves, keys for encryption and short keys in the set are not used', async () => {
    const privateHalf = { ...first.privateKey.export({ format: 'jwk' }), kid: 'first', use: 'sig' };
    for (const keys of [
      [privateHalf],
      [{ ...first.jwk, use: 'enc' }],
      [{ ...first.jwk, key_ops: ['encrypt'] }],
      [{ ...first.jwk, alg: 'RS512' }],
      [{ kty: 'oct', kid: 'first', k: 'c2VjcmV0' }],
      ['first', null],
    ]) {
      issuer.keys = JSON.parse(JSON.stringify(keys));
      now += 11 * MINUTE;
      expect([keys, await enter(await tokenBy(first))]).toEqual([keys, 'invalid']);
    }
  });

  test('without a kid the only key that fits is used, and none where several do', async () => {
    issuer.keys = [first.jwk, second.jwk];
    const token = await signToken(
      first,
      { iss: issuer.issuer, aud: 'shop' },
      { now, header: { kid: undefined } },
    );
    expect(await enter(token)).toBe('ada');
    issuer.keys = [first.jwk, createSigningKey('third').jwk];
    now += 11 * MINUTE;
    const later = await signToken(
      first,
      { iss: issuer.issuer, aud: 'shop' },
      { now, header: { kid: undefined } },
    );
    expect(await enter(later)).toBe('invalid');
  });
});
