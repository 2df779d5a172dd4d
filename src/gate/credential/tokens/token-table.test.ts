import { createSecretKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { SILENT_LOG } from '../../../../test/support/http-endpoint.ts';
import type { TrustedIssuer } from './token-issuer.ts';
import { createTokenStanding } from './token-standing.ts';
import { createTokenTable, looksLikeToken } from './token-table.ts';
import { USUAL_CLAIMS } from './trusted-issuers.ts';

const secret = createSecretKey('a secret of the tests, long enough', 'utf8');
const START = Date.UTC(2026, 10, 20);

function createTable(state: { now: number; generation: number; isOpen?: boolean }) {
  let judged = 0;
  const standing = createTokenStanding(() => state.generation);
  const issuer: TrustedIssuer = {
    issuer: 'local',
    audiences: ['shop'],
    authorizedParties: [],
    claims: USUAL_CLAIMS,
    leeway: 60,
    keys: { kind: 'shared', secret },
    async current(claims) {
      judged++;
      return state.isOpen === false ? 'disabled' : claims;
    },
  };
  const create = (audiences: readonly string[]) =>
    createTokenTable({
      issuers: [{ ...issuer, audiences }],
      authenticated: [],
      now: () => state.now,
      log: SILENT_LOG,
      generation: () => state.generation,
      hasIssuers: false,
      standing,
    });
  return { ...create(['shop']), judged: () => judged, reload: create };
}

const sign = (claims: Record<string, unknown> = {}) =>
  new SignJWT({ iss: 'local', aud: 'shop', sub: 'ada', exp: START / 1000 + 100, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(secret);

test.each([
  ['a.b.c', true],
  ['a.b.', true],
  ['..', true],
  ['a.b', false],
  ['a.b.c.d', false],
  ['a.b.c.d.e', false],
  ['qs_12345678_a.b.c', false],
  ['an imported key', false],
])('P14: whether %s has the form of a token: %s', (text, expected) => {
  expect(looksLikeToken(text)).toBe(expected);
});

test('P14: a token is judged once and answered at once until it expires', async () => {
  const state = { now: START, generation: 0 };
  const { find, judged } = createTable(state);
  const token = await sign();
  const principal = await find(token);
  expect(principal).toMatchObject({ userId: 'ada' });
  for (let time = 0; time < 100; time++) expect(find(token)).toBe(principal);
  expect(judged()).toBe(1);
  state.now += 159_999;
  expect(find(token)).toBe(principal);
  state.now += 1;
  expect(await find(token)).toBe('expired');
});

test('P14: after accounts changed a token is judged again, and the same caller stays the same object', async () => {
  const state = { now: START, generation: 0 };
  const { find, judged } = createTable(state);
  const token = await sign();
  const principal = await find(token);
  state.generation++;
  expect(await find(token)).toBe(principal);
  expect(find(token)).toBe(principal);
  expect(judged()).toBe(2);
});

test('P14: a refused token is not remembered, and a token of 8 KiB and a byte is not even read', async () => {
  const state = { now: START, generation: 0 };
  const { find } = createTable(state);
  const early = await sign({ nbf: START / 1000 + 70 });
  expect(await find(early)).toBe('not_yet_valid');
  state.now += 11_000;
  expect(await find(early)).toMatchObject({ userId: 'ada' });
  expect(find('x'.repeat(8193))).toBe('invalid');
});

test('P14: who holds a stream open stays until the last of their tokens ends', async () => {
  const state = { now: START, generation: 0 };
  const { find, holds } = createTable(state);
  const principal = await find(await sign());
  if (typeof principal === 'string') throw new Error(principal);
  expect(holds(principal)).toBe(true);
  expect(holds({ ...principal, id: 'local#eve' })).toBe(false);
  expect(await find(await sign({ exp: START / 1000 + 200 }))).toMatchObject({ userId: 'ada' });
  state.now += 259_999;
  expect(holds(principal)).toBe(true);
  state.now += 1;
  expect(holds(principal)).toBe(false);
});

test('P14: who holds a stream open and whose account was closed is gone at the next look', async () => {
  const state = { now: START, generation: 0, isOpen: true };
  const { find, holds } = createTable(state);
  const principal = await find(await sign());
  if (typeof principal === 'string') throw new Error(principal);
  state.generation++;
  expect(holds(principal)).toBe(true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(holds(principal)).toBe(true);
  state.isOpen = false;
  state.generation++;
  expect(holds(principal)).toBe(true);
  await expect.poll(() => holds(principal)).toBe(false);
});

test('P14 P09: a reload ends the streams of those alone whom the new definition does not trust', async () => {
  const state = { now: START, generation: 0 };
  const { find, reload } = createTable(state);
  const principal = await find(await sign());
  if (typeof principal === 'string') throw new Error(principal);
  expect(reload(['shop']).holds(principal)).toBe(true);
  expect(reload(['store']).holds(principal)).toBe(false);
});
