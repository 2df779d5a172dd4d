import { expect, test } from 'vitest';
import { matchesGlob } from './glob.ts';

test.each([
  ['*', '', true],
  ['*', 'shop:find:1', true],
  ['shop:*', 'shop:find:1', true],
  ['shop:*:2', 'shop:find:1', false],
  ['*find*', 'shop:find:1', true],
  ['shop:f?nd:1', 'shop:find:1', true],
  ['shop:f?nd', 'shop:find:1', false],
  ['shop', 'shop:find:1', false],
  ['a*b*c', 'a-b-b-c', true],
  ['a*b*c', 'a-b-b-d', false],
  ['[a-z]', 'a', false],
  ['', '', true],
  ['', 'a', false],
])('P23: %j fits %j: %s', (pattern, text, expected) => {
  expect(matchesGlob(pattern, text)).toBe(expected);
});

test('P23: no pattern takes long', () => {
  expect(matchesGlob(`${'*a'.repeat(100)}b`, 'a'.repeat(20_000))).toBe(false);
});
