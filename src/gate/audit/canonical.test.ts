import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from './canonical.ts';

test('keys are sorted at every depth, and what JSON has no word for is left out', () => {
  expect(canonicalJson({ b: [{ z: 1, y: undefined, a: null }], a: 'x', 10: 1, 9: 2 })).toBe(
    '{"10":1,"9":2,"a":"x","b":[{"a":null,"z":1}]}',
  );
  expect(canonicalJson([undefined, Number.NaN, -0, 1e21, 12n])).toBe('[null,null,0,1e+21,"12"]');
});

test('what PostgreSQL cannot keep is replaced', () => {
  expect(canonicalJson({ 'a\0': 'b\ud800c' })).toBe('{"a\ufffd":"b\ufffdc"}');
});

test('P22: read again it is written the same, in whatever order it came', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const once = canonicalJson(value);
      expect(canonicalJson(JSON.parse(once))).toBe(once);
      expect(canonicalJson(reversed(value))).toBe(once);
    }),
  );
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, item]) => [name, reversed(item)]),
  );
}
