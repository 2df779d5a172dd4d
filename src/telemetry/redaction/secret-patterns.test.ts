import fc from 'fast-check';
import { expect, test } from 'vitest';
import { REDACTED, redactPatterns, SECRET_PATTERNS } from './secret-patterns.ts';

/** Built from pieces, so that no scanner of the repository takes them for real. */
const long = 'Ab1'.repeat(14);
const SAMPLES: readonly string[] = [
  '-----BEGIN PRIVATE KEY-----\nMIIEvQ',
  'bearer abcdef1234',
  'Basic dXNlcjpwYXNz',
  'eyJhbGciOi.eyJzdWIi.dBjftJeZ4C',
  `qs_${long}`,
  `sk-proj-${long}`,
  `rk_live_${long}`,
  'redis://:hunter2@cache/0',
  'pwd=x',
  "'signature': 'abc'",
  `AKIA${'A1B2'.repeat(4)}`,
  `LTAI${long.slice(0, 20)}`,
  `AIza${long}`,
  `ya29.${long}`,
  `GOCSPX-${long}`,
  `abc8Q~${long.slice(0, 34)}`,
  `ghp_${long}`,
  `github_pat_${long}`,
  `glpat-${long}`,
  `npm_${long}`,
  `pypi-${long}`,
  `hf_${long}`,
  `dop_v1_${'0af'.repeat(20)}`,
  `xoxb-${long}`,
  `https://hooks.slack.com/services/T0/B0/${long}`,
  `SG.${long}.${long}`,
  `ATATT${long}`,
  `hvs.${long}`,
];

test.each(SAMPLES)('%s is redacted', (sample) => {
  expect(redactPatterns(`before ${sample} after`)).toContain(REDACTED);
});

test('every pattern has a sample, so none can be missing among the beginnings', () => {
  const unused = SECRET_PATTERNS.filter(
    ([pattern]) => !SAMPLES.some((sample) => sample.search(pattern) !== -1),
  );
  expect(unused.map(([pattern]) => pattern.source)).toEqual([]);
});

test('the look for beginnings changes no answer', () => {
  const piece = fc.oneof(
    fc.constantFrom(...SAMPLES),
    fc.string({ maxLength: 12 }),
    fc.constantFrom(' ', '=', ':', '@'),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const text = pieces.join('');
      let slow = text;
      for (const [pattern, replacement] of SECRET_PATTERNS) slow = slow.replace(pattern, replacement);
      expect(redactPatterns(text)).toBe(slow);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  'task-force of the disk_usage',
  'msg.example.com',
  'a key: none',
  'the secretary said',
  '${secret:aws:shop/key#upstream} is absent',
  'whiskey',
])('%s is an ordinary text', (plain) => {
  expect(redactPatterns(plain)).toBe(plain);
});
