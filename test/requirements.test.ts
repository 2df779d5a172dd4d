// Citations of promises point at tests that exist.

import { describe, expect, test } from 'vitest';
import { promises } from './promises.ts';
import { requirements } from './requirements.ts';
import { means, parseCitation } from './support/citations.ts';
import { exists, titlesOf } from './support/test-titles.ts';
import { parseText } from './tidy/source-tree.ts';

describe('requirements', () => {
  test('number the promises from P01 to P80 without a gap', () => {
    const numbers = Array.from({ length: 80 }, (_, index) => `P${String(index + 1).padStart(2, '0')}`);
    expect(Object.keys(promises)).toEqual(numbers);
    expect(Object.keys(requirements)).toEqual(numbers);
  });

  test('cite only tests that exist, each once', () => {
    for (const [promise, citations] of Object.entries(requirements)) {
      expect(
        citations.filter((citation) => !exists(citation)),
        promise,
      ).toEqual([]);
      expect(new Set(citations).size, promise).toBe(citations.length);
    }
  });

  test('a citation of a test that does not exist is noticed', () => {
    expect(exists('test/requirements.test.ts > requirements > cite only tests that exist, each once')).toBe(
      true,
    );
    expect(exists('test/requirements.test.ts > cite only tests that exist, each once')).toBe(true);
    expect(exists('test/requirements.test.ts > cite only tests')).toBe(false);
    expect(exists('test/missing.test.ts > anything')).toBe(false);
    expect(() => exists('no separator')).toThrow('file > test name');
  });

  test('titles are found below conditions, tables and nested suites', () => {
    const text = `describe.skipIf(true)('a', () => { describe('b', () => { test.each([1])('c %s', () => {}); }); });\nit(\`d\`, f);\n`;
    expect(titlesOf(parseText('a.test.ts', text))).toEqual(['a > b > c %s', 'd']);
  });

  test('a table row is meant by its title as written', () => {
    const citation = parseCitation('a.test.ts > b > row %s of $name');
    expect(means(citation, 'a.test.ts', 'x > b > row 3 of six')).toBe(true);
    expect(means(citation, 'a.test.ts', 'x > bb > row 3')).toBe(false);
    expect(means(citation, 'b.test.ts', 'b > row 3 of six')).toBe(false);
  });
});
