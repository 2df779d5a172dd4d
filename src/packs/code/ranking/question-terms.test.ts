import { expect, test } from 'vitest';
import { questionTerms } from './question-terms.ts';

test('P39: what is to be done weighs less than what it is done to', () => {
  expect(questionTerms('Fix the missing retries of fetchOrder')).toEqual([
    { text: 'fetchorder', weight: 1 },
    { text: 'fix', weight: 0.3 },
    { text: 'miss', weight: 0.3 },
    { text: 'retry', weight: 1 },
    { text: 'fetch', weight: 1 },
    { text: 'order', weight: 1 },
  ]);
});

test('P39: a question of many words is looked for by its first ones', () => {
  const words = Array.from({ length: 40 }, (_, at) => `word${at}`);
  expect(questionTerms(words.join(' ')).map(({ text }) => text)).toEqual(words.slice(0, 16));
});
