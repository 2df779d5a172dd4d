import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { passesLuhn, passesMod97 } from './check-digits.ts';
import { PERSONAL_DATA_MODES, personalDataFor, withoutPersonalData } from './personal-data.ts';

interface Corpus {
  readonly positive: readonly { readonly text: string; readonly expected: string }[];
  readonly negative: readonly string[];
}
const corpus: Corpus = JSON.parse(
  readFileSync(new URL('../../../test/governance/fixtures/personal-data.json', import.meta.url), 'utf8'),
);

test('P25 G11: of 200 texts each of the 100 with personal data is anonymised, and at most 2 others are touched', () => {
  expect([corpus.positive.length, new Set(corpus.negative).size]).toEqual([100, 100]);
  const missed = corpus.positive
    .map(({ text, expected }) => ({ text, expected, got: withoutPersonalData(text) }))
    .filter(({ expected, got }) => got !== expected);
  expect(missed).toEqual([]);
  const touched = corpus.negative.filter((text) => withoutPersonalData(text) !== text);
  expect(touched.length, touched.join('\n')).toBeLessThanOrEqual(2);
});

test('each mode acts at its moment only', () => {
  const text = 'ada@example.com';
  const outcomes = PERSONAL_DATA_MODES.map((mode) => [
    mode,
    personalDataFor(text, mode, 'store'),
    personalDataFor(text, mode, 'answer'),
  ]);
  expect(outcomes).toEqual([
    ['off', text, text],
    ['store', '[EMAIL]', text],
    ['answer', text, '[EMAIL]'],
  ]);
});

test('a second pass changes nothing', () => {
  for (const { text } of corpus.positive) {
    const once = withoutPersonalData(text);
    expect(withoutPersonalData(once)).toBe(once);
  }
});

test('check digits tell numbers from their neighbours', () => {
  expect([passesLuhn('4242424242424242'), passesLuhn('4242424242424241'), passesLuhn('')]).toEqual([
    true,
    false,
    false,
  ]);
  expect([
    passesMod97('DE89370400440532013000'),
    passesMod97('DE88370400440532013000'),
    passesMod97('DE89-'),
  ]).toEqual([true, false, false]);
});

test('is linear in hostile text', () => {
  const hostile = [
    '1-'.repeat(20_000),
    'a.'.repeat(20_000),
    `${'a'.repeat(64)}@`.repeat(500),
    '(1'.repeat(20_000),
    'DE00 '.repeat(8000),
  ];
  const startedAt = performance.now();
  for (const text of hostile) withoutPersonalData(text);
  expect(performance.now() - startedAt).toBeLessThan(1000);
});

test('any text stays a text without e-mail addresses', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 40 }),
      fc.emailAddress().filter((address) => /^[a-z0-9][\w.+-]*@/i.test(address)),
      (around, address) => {
        expect(withoutPersonalData(`${around} ${address} ${around}`)).not.toContain(` ${address} `);
      },
    ),
    { numRuns: 300 },
  );
});
