import { expect, test } from 'vitest';
import { editDistance, nameScore } from './name-match.ts';

test.each([
  ['total', 'total', 1],
  ['total', 'Total', 0.95],
  ['total', 'totalPrice', 0.8],
  ['total', 'subtotal', 0.7],
  ['total', 'totla', 0.55],
  ['abcd', 'dcba', 0],
  ['abc', 'abd', 0.55],
  ['abc', 'xyc', 0],
])('N4: %s is like %s by %d', (asked, name, score) => {
  expect(nameScore(asked, name)).toBeCloseTo(score);
});

test('N4: the distance of two names counts a swap once and stops early', () => {
  expect(editDistance('total', 'totla', 2)).toBe(1);
  expect(editDistance('kitten', 'sitting', 3)).toBe(3);
  expect(editDistance('a'.repeat(50), 'b'.repeat(50), 2)).toBe(3);
});
