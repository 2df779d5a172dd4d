import fc from 'fast-check';
import { expect, test } from 'vitest';
import { diffLines } from './diff.ts';

test('what changed stands between what surrounds it', () => {
  const before = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];
  const after = before.with(4, 'five');
  expect(diffLines(before, after)).toEqual([
    '...',
    '  2',
    '  3',
    '  4',
    '- 5',
    '+ five',
    '  6',
    '  7',
    '  8',
    '...',
  ]);
  expect(diffLines([], ['a'])).toEqual(['+ a']);
  expect(diffLines(['a'], ['a'])).toEqual(['...']);
});

test('both texts can be read from it where nothing is left out', () => {
  const line = fc.constantFrom('a', 'b', 'c');
  const text = fc.array(line, { maxLength: 12 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = diffLines(before, after);
      fc.pre(!lines.includes('...'));
      const without = (mark: string) =>
        lines.filter((one) => !one.startsWith(mark)).map((one) => one.slice(2));
      expect(without('+ ')).toEqual(before);
      expect(without('- ')).toEqual(after);
    }),
  );
});
