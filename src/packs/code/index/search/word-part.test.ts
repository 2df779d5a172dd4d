import { expect, test } from 'vitest';
import { isWordPart } from './word-part.ts';

const ENDINGS = new Set(['s', 'ed']);

/** Whether the only occurrence of `text` is a part. */
function isPartOf(word: string, text: string): boolean {
  const bytes = Buffer.from(`a = ${word};`);
  const lower = bytes.toString('latin1').toLowerCase();
  return isWordPart({ bytes, lower }, lower.indexOf(text), { text, endings: ENDINGS });
}

test.each([
  ['parse', 'parse'],
  ['Parse', 'parse'],
  ['PARSE', 'parse'],
  ['parsers_parse', 'parsers'],
  ['parseHeader', 'parse'],
  ['reParse', 'parse'],
  ['HTTPParser', 'http'],
  ['HTTPServer', 'server'],
  ['HTTP_PARSE', 'parse'],
  ['parses', 'parse'],
  ['PARSES', 'parse'],
  ['ParsesAll', 'parse'],
  ['max_size', 'max_size'],
  ['v2Parse', 'parse'],
])('P39: %s has the part %s', (word, text) => {
  expect(isPartOf(word, text)).toBe(true);
});

test.each([
  ['sparse', 'parse'],
  ['SPARSE', 'parse'],
  ['parsec', 'parse'],
  ['ParsecData', 'parse'],
  ['2parse', 'parse'],
  ['éparse', 'parse'],
  ['parseé', 'parse'],
  ['parse2', 'parse'],
])('P39: %s has no part %s', (word, text) => {
  expect(isPartOf(word, text)).toBe(false);
});

test('P39: a text may begin and end with the part', () => {
  const bytes = Buffer.from('parse');
  expect(isWordPart({ bytes, lower: 'parse' }, 0, { text: 'parse', endings: ENDINGS })).toBe(true);
});
