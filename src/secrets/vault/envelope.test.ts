import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Place, seal, UnsealError, unseal } from './envelope.ts';

const key = createSecretKey(randomBytes(32));
const place: Place = { table: 'secrets', column: 'value', row: 'r1', tenant: 'a' };

test('what was sealed opens, and never shows itself', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 300 }), (plain) => {
      const sealed = seal(key, plain, place);
      expect(sealed.includes(Buffer.from(plain))).toBe(false);
      expect(unseal(key, sealed, place)).toEqual(Buffer.from(plain));
    }),
  );
  expect(unseal(key, seal(key, Buffer.alloc(0), place), place)).toHaveLength(0);
});

test('the same value is sealed differently each time: nonces do not repeat', () => {
  const nonces = Array.from({ length: 2000 }, () =>
    seal(key, Buffer.from('x'), place).toString('hex', 1, 13),
  );
  expect(new Set(nonces).size).toBe(nonces.length);
});

test.each([
  ['another table', { ...place, table: 'other' }],
  ['another column', { ...place, column: 'other' }],
  ['another row', { ...place, row: 'r2' }],
  ['another tenant', { ...place, tenant: 'b' }],
])('a value moved to %s does not open', (_, moved) => {
  expect(() => unseal(key, seal(key, Buffer.from('x'), place), moved)).toThrow(UnsealError);
});

test('no two places share their associated data', () => {
  const shifted: Place = { table: 'secrets', column: 'value","r1', row: 'a', tenant: '' };
  expect(() => unseal(key, seal(key, Buffer.from('x'), place), shifted)).toThrow(UnsealError);
});

test('a changed bit anywhere is found, and so is another key', () => {
  const sealed = seal(key, Buffer.from('value'), place);
  for (let index = 0; index < sealed.length; index++) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
    expect(() => unseal(key, changed, place)).toThrow(UnsealError);
  }
  expect(() => unseal(key, sealed.subarray(0, -1), place)).toThrow(UnsealError);
  expect(() => unseal(key, Buffer.alloc(3), place)).toThrow(UnsealError);
  expect(() => unseal(createSecretKey(randomBytes(32)), sealed, place)).toThrow(/another key/);
});
