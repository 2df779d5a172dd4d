import { expect, test } from 'vitest';
import { readStatement } from '../statement.ts';
import { rowLimitOf } from './row-limit.ts';

function limitOf(source: string, values: readonly unknown[] = []): number | undefined {
  const { text, bindings } = readStatement(source, 'sqlite');
  return rowLimitOf(text, bindings)(values);
}

test('reads the last clause of the whole statement only', () => {
  expect(limitOf('SELECT 1 FROM t LIMIT 20')).toBe(20);
  expect(limitOf('SELECT 1 FROM t limit 20 ; -- LIMIT 3')).toBe(20);
  expect(limitOf('SELECT 1 FROM t WHERE a = :a LIMIT :n', ['x', 5n])).toBe(5);
  expect(limitOf('SELECT 1 FROM t WHERE a = :a LIMIT :n', ['x', -1n])).toBeUndefined();
  expect(limitOf('SELECT 1 FROM t WHERE a = :a LIMIT :n', ['x', 2.5])).toBeUndefined();
  expect(limitOf('SELECT 1 FROM t WHERE a = :a LIMIT :n', ['x', null])).toBeUndefined();
  expect(limitOf('SELECT 1 FROM (SELECT 1 LIMIT 5)')).toBeUndefined();
  expect(limitOf('SELECT 1 FROM t LIMIT 5 OFFSET 10')).toBeUndefined();
  expect(limitOf('SELECT 1 FROM t LIMIT 5, 10')).toBeUndefined();
  expect(limitOf("SELECT ' LIMIT 5'")).toBeUndefined();
  expect(limitOf('SELECT 1 FROM t LIMIT 2 + 3')).toBeUndefined();
});
