import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJsonText } from './json-text.ts';

test.each([
  ['{"a":1}', { a: 1 }],
  [' \n[1, 2]\n', [1, 2]],
  ['```json\n{"a":1}\n```', { a: 1 }],
  ['Here it is:\n```\n{"a":1}\n```\nAnything else?', { a: 1 }],
  ['Sure! {"a":{"b":[1]}} Done.', { a: { b: [1] } }],
  ['The list: [1,2] as asked.', [1, 2]],
  ['"text"', 'text'],
  ['12', 12],
])('%j holds its value', (text, value) => {
  expect(parseJsonText(text)).toEqual({ value });
});

test.each(['', 'no', '{"a":', '{"a":1} and {"b":2}', '```json\n{]\n```'])('%j holds none', (text) => {
  expect(parseJsonText(text)).toMatchObject({ problem: expect.stringContaining('not JSON') });
});

test('every JSON value is found within a fence and a sentence', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.stringify(value, null, 2);
      expect(parseJsonText(json)).toEqual({ value: JSON.parse(json) });
      expect(parseJsonText(`Here:\n\`\`\`json\n${json}\n\`\`\``)).toEqual({ value: JSON.parse(json) });
    }),
  );
});
