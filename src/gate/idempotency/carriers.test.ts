import { expect, test } from 'vitest';
import { QuaysideError } from '../../errors.ts';
import type { JsonObject, ToolIdempotency } from '../../tool.ts';
import { KEY_META, readKey } from './carriers.ts';

const OPTIONAL: ToolIdempotency = { mode: 'optional', argument: 'idempotency_key', isDeclared: false };

function read(
  carried: { readonly args?: JsonObject; readonly meta?: unknown; readonly header?: string },
  settings = OPTIONAL,
) {
  return readKey(
    {
      args: carried.args ?? {},
      ...(carried.meta === undefined ? {} : { meta: { [KEY_META]: carried.meta } }),
      ...(carried.header === undefined ? {} : { headers: { 'idempotency-key': carried.header } }),
    },
    settings,
  );
}

function refusalOf(work: () => unknown): QuaysideError {
  try {
    work();
  } catch (error) {
    if (error instanceof QuaysideError) return error;
  }
  throw new Error('nothing was refused');
}

test.each([
  ['an argument', { args: { idempotency_key: 'k-1' } }],
  ['_meta', { meta: 'k-1' }],
  ['a header', { header: 'k-1' }],
  ['a header as a structured field', { header: '"k-1"' }],
  ['all of them at once', { args: { idempotency_key: 'k-1' }, meta: 'k-1', header: '"k-1"' }],
])('P20: a key is read from %s', (_name, carried) => {
  expect(read(carried)).toMatchObject({ key: 'k-1', args: {} });
});

test('P20: without a key the arguments are the very object that was sent', () => {
  const args = { a: 1 };
  expect(read({ args })).toEqual({ key: undefined, args });
  expect('args' in read({ args }) && read({ args })).toHaveProperty('args', args);
});

test('P20: the argument is taken away, unless the author declared it or it has another name', () => {
  const args = { a: 1, idempotency_key: 'k' };
  expect(read({ args })).toEqual({ key: 'k', args: { a: 1 } });
  expect(read({ args }, { ...OPTIONAL, isDeclared: true })).toEqual({ key: 'k', args });
  expect(read({ args }, { ...OPTIONAL, argument: 'once' })).toEqual({ key: undefined, args });
});

test.each([
  [{ args: { idempotency_key: 'a' }, meta: 'b' }, 'argument'],
  [{ args: { idempotency_key: 'a' }, header: 'b' }, 'header'],
  [{ meta: 'a', header: 'b' }, '_meta'],
])('P20: keys that differ are refused with 400: %j', (carried, named) => {
  const refusal = refusalOf(() => read(carried));
  expect([refusal.code, refusal.definition.status]).toEqual(['idempotency_key_invalid', 400]);
  expect(refusal.message).toContain(named);
});

test.each(['', ' ', 'a b ', 'ä', 'x'.repeat(256), 'a\u0007b'])(
  'P20: %j is no key in _meta or a header',
  (text) => {
    expect(refusalOf(() => read({ meta: text })).code).toBe('idempotency_key_invalid');
    expect(refusalOf(() => read({ header: text })).message).toContain('1 to 255 printable');
  },
);

test.each([7, null, {}, '', 'a b', 'x'.repeat(65), 'ä'])('P20: %j is no key as an argument', (given) => {
  expect(read({ args: { idempotency_key: given } })).toEqual({ malformed: given });
});

test('P20: the bounds themselves are keys', () => {
  expect(read({ args: { idempotency_key: 'x'.repeat(64) } })).toMatchObject({ key: 'x'.repeat(64) });
  expect(read({ header: '~'.repeat(255) })).toMatchObject({ key: '~'.repeat(255) });
  expect(read({ meta: 'a b' })).toMatchObject({ key: 'a b' });
});
