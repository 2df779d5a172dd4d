import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parameterText, parserOf } from './values.ts';

const TEXT_ARRAY = 1009;

test('arrays of any text survive the way to an array literal and back', () => {
  const parse = parserOf(TEXT_ARRAY);
  const text = fc.oneof(fc.string(), fc.constantFrom('NULL', '', ' ', '{', '}', ',', '"', '\\', 'a"b\\c'));
  const items = fc.array(fc.option(text.filter((value) => !value.includes('\0'))));
  fc.assert(
    fc.property(items, (values) => {
      expect(parse(parameterText(values) ?? '')).toEqual(values);
    }),
  );
});

test('reads what PostgreSQL prints', () => {
  expect(parserOf(1007)('{1,NULL,3}')).toEqual([1, null, 3]);
  expect(parserOf(1007)('[0:1]={7,8}')).toEqual([7, 8]);
  expect(parserOf(1016)('{9007199254740993,1}')).toEqual(['9007199254740993', 1]);
  expect(parserOf(1000)('{t,f}')).toEqual([true, false]);
  expect(parserOf(1184)('2026-01-02 03:04:05+00')).toBe('2026-01-02T03:04:05Z');
  expect(parserOf(1184)('infinity')).toBe('infinity');
  expect(parserOf(1114)('2026-01-02 03:04:05')).toBe('2026-01-02T03:04:05');
  expect(parserOf(1700)('1.50')).toBe('1.50');
  expect(parserOf(701)('NaN')).toBeNull();
  expect(parserOf(114)('{"a":1}')).toEqual({ a: 1 });
});

test('binds by type', () => {
  expect([1, 1.5, true, null, undefined, 'x', { a: 1 }].map(parameterText)).toEqual([
    '1',
    '1.5',
    'true',
    null,
    null,
    'x',
    '{"a":1}',
  ]);
  expect(() => parameterText('a\0b')).toThrow('NUL');
});
