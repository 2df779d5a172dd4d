import { expect, test } from 'vitest';
import { judgeExample } from './example-result.ts';

const text = (value: string) => ({ content: [{ type: 'text', text: value }] });
const failed = { ...text('No.'), isError: true };

test.each([
  ['nothing expected, no error', undefined, text('a'), undefined],
  ['nothing expected, an error', undefined, failed, { expected: 'no error', received: 'No.' }],
  ['the text', 'a', text('a'), undefined],
  ['another text', 'a', text('b'), { expected: 'a', received: 'b' }],
  ['a number as text', 3, text('3'), undefined],
  ['structured content', { a: 1 }, { ...text('{}'), structuredContent: { a: 1 } }, undefined],
  ['JSON in the text', [1], text('[1]'), undefined],
  [
    'other structured content',
    { a: 1 },
    { ...text('{}'), structuredContent: { a: 2 } },
    { expected: { a: 1 }, received: { a: 2 } },
  ],
  ['an error, as expected', { isError: true }, failed, undefined],
  ['an error with its text', { isError: true, content: failed.content }, failed, undefined],
  [
    'no error where one is expected',
    { isError: true },
    text('a'),
    { expected: { isError: true }, received: { isError: false } },
  ],
  ['a value that is expected and an error', 'a', failed, { expected: 'a', received: 'No.' }],
])('%s', (_, expected, result, failure) => {
  expect(judgeExample(expected, result)).toEqual(failure);
});
