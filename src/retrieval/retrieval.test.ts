import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bm25 } from './bm25.ts';
import { queryNames, queryTerms, stem, subTokens } from './sub-tokens.ts';

test.each([
  ['parseHTTPHeader_v2', ['parse', 'http', 'header', 'v2']],
  ['find-orders by_customer', ['find', 'orders', 'by', 'customer']],
  ['Straße/überAll', ['straße', 'über', 'all']],
  ['', []],
])('P39: the words of %s', (text, words) => {
  expect(subTokens(text)).toEqual(words);
});

test('P39: a question keeps what is worth looking for', () => {
  expect(queryTerms('How are the retries of a request counted?')).toEqual(['retry', 'request', 'count']);
  expect([stem('class'), stem('queries'), stem('used'), stem('is')]).toEqual([
    'class',
    'query',
    'used',
    'is',
  ]);
});

test('P39: names of code in a question are known as a whole', () => {
  expect(queryNames('Where does parseHeader read MAX_SIZE, and parseHeader again, of HTTPServer?')).toEqual([
    'parseheader',
    'max_size',
    'httpserver',
  ]);
});

test('P39: a score grows with each term and its count, and falls with length and frequency', () => {
  const collection = { documents: 1000, lengthMean: 100, frequencies: [10, 500] };
  const score = (counts: number[], length = 100) =>
    bm25({ counts, length }, collection, { k1: 1.2, b: 0.75 });
  expect(score([0, 0])).toBe(0);
  fc.assert(
    fc.property(fc.nat(50), fc.nat(50), fc.integer({ min: 1, max: 10_000 }), (a, b, length) => {
      expect(score([a + 1, b], length)).toBeGreaterThan(score([a, b], length));
      expect(score([a + 1, b], length)).toBeGreaterThanOrEqual(score([a + 1, b], length + 100));
    }),
  );
  expect(score([1, 0])).toBeGreaterThan(score([0, 1]));
});
