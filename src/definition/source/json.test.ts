import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from './json.ts';
import { toJson } from './node.ts';
import { parseYaml } from './yaml.ts';

const strict = { comments: false };

test('any JSON text is read as the language reads it, also with comments and trailing commas', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(0, 2, '\t'), (value, space) => {
      const text = JSON.stringify(value, null, space);
      const { root, problems } = parseJson(text, strict);
      expect(problems).toEqual([]);
      expect(root === undefined ? undefined : JSON.stringify(toJson(root))).toBe(
        JSON.stringify(JSON.parse(text)),
      );
      const commented = parseJson(`// a\n/* b */${text}// c`, { comments: true });
      expect(commented.problems).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('a text that the language refuses is refused', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'{}[]",:0123.eE-+\\ntrulfas /'), maxLength: 12 }),
      (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          // The oracle's refusal is what is compared.
          isJson = false;
        }
        const { problems } = parseJson(text, strict);
        expect(problems.filter(({ rule }) => rule !== 'duplicate-key').length === 0).toBe(isJson);
      },
    ),
    { numRuns: 2000 },
  );
});

test('YAML reads JSON alike', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3, noUnicodeString: true }), (value) => {
      const text = JSON.stringify({ value });
      const { root } = parseYaml(text);
      expect(root === undefined ? undefined : toJson(root)).toEqual(JSON.parse(text));
    }),
    { numRuns: 200 },
  );
});

test.each([
  ['{"a": 1,}', 7, 'A comma stands before the end of a list.'],
  ['{"a" 1}', 5, "':' is expected, not '1'."],
  ['{a: 1}', 1, 'A key in double quotes is expected.'],
  ['["a', 1, 'The text has no closing quote.'],
  ['[1] 2', 4, 'Text follows the end of the document.'],
  ['// x', 0, 'JSON has no comments.'],
  ['[1e999]', 1, 'The number is too large.'],
  ['', 0, 'A JSON value is expected.'],
])('%s is refused at %i', (text, at, message) => {
  expect(parseJson(text, strict).problems).toMatchObject([{ at, message }]);
});

test('nesting is bounded', () => {
  expect(parseJson('['.repeat(100_000), strict).problems).toMatchObject([{ rule: 'size' }]);
});
