import { expect, test } from 'vitest';
import { ANONYMOUS, keyPrincipal } from '../../../test/support/hand-made-plan.ts';
import { fixedSecret, signingSecrets } from '../../secrets/signing-secrets.ts';
import { createRequestStates, REQUEST_STATE_TTL_MS, type StateScope } from './request-state.ts';

const SCOPE: StateScope = {
  slug: 'a',
  principal: ANONYMOUS,
  method: 'tools/call',
  params: { name: 't', arguments: { a: 1 }, _meta: { x: 1 } },
};
let now = 0;
const states = createRequestStates(fixedSecret('a'.repeat(32)), () => now);

test('what is sealed opens for the same request, whatever its metadata', () => {
  const state = states.seal(SCOPE, { name: { action: 'accept' } });
  expect(states.open({ ...SCOPE, params: { ...SCOPE.params, _meta: {} } }, state)).toEqual({
    name: { action: 'accept' },
  });
  expect(state).not.toContain('accept');
  expect(states.seal(SCOPE, {})).not.toBe(states.seal(SCOPE, {}));
});

test('it opens for nothing else', () => {
  const state = states.seal(SCOPE, {});
  const others: readonly StateScope[] = [
    { ...SCOPE, slug: 'b' },
    { ...SCOPE, principal: keyPrincipal('k') },
    { ...SCOPE, principal: { ...ANONYMOUS, tenantId: 'other' } },
    { ...SCOPE, method: 'prompts/get' },
    { ...SCOPE, params: { ...SCOPE.params, name: 'u' } },
    { ...SCOPE, params: { ...SCOPE.params, arguments: { a: 2 } } },
  ];
  for (const scope of others) expect(() => states.open(scope, state)).toThrow('Invalid requestState');
  expect(() => createRequestStates(fixedSecret('b'.repeat(32)), () => now).open(SCOPE, state)).toThrow(
    'Invalid requestState',
  );
});

test('it expires', () => {
  const state = states.seal(SCOPE, {});
  now += REQUEST_STATE_TTL_MS;
  expect(states.open(SCOPE, state)).toEqual({});
  now += 1;
  expect(() => states.open(SCOPE, state)).toThrow('Invalid requestState');
});

test('every flipped byte is noticed', () => {
  const state = states.seal(SCOPE, { a: 1 });
  for (let at = 0; at < state.length; at++) {
    const changed = `${state.slice(0, at)}${state[at] === 'A' ? 'Q' : 'A'}${state.slice(at + 1)}`;
    // The last character carries bits that base64url ignores: what decodes to the same bytes is the same state.
    if (Buffer.from(changed, 'base64url').equals(Buffer.from(state, 'base64url'))) continue;
    expect(() => states.open(SCOPE, changed)).toThrow('Invalid requestState');
  }
});

test('answers beyond 256 KiB are refused', () => {
  expect(() => states.seal(SCOPE, { a: 'x'.repeat(300_000) })).toThrow('too large');
});

test('P24: what an older secret sealed opens as long as that one counts', () => {
  let time = 0;
  const [old, next] = [{ value: 'a'.repeat(32) }, { value: 'b'.repeat(32) }];
  const ring = { newest: next, since: 0, previous: [{ ...old, until: 1000 }] };
  const sealed = createRequestStates(fixedSecret(old.value), () => 0).seal(SCOPE, { a: 1 });
  const rotated = createRequestStates(
    signingSecrets(
      () => ring,
      () => time,
    ),
    () => 0,
  );
  expect(rotated.open(SCOPE, sealed)).toEqual({ a: 1 });
  time = 1000;
  expect(() => rotated.open(SCOPE, sealed)).toThrow('Invalid requestState');
});
