import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { casedCodePoints, caseOrbit, foldCodePoint } from './case-orbit.ts';
import { LazyDfa } from './lazy-dfa.ts';
import { type MatchSpan, PikeMachine } from './pike-machine.ts';
import { parseRegex } from './regex-parser.ts';
import { compileRegex } from './regex-program.ts';

const PAUSE_BYTES = 4;

function program(pattern: string, options: { ignoreCase?: boolean; multiline?: boolean } = {}) {
  const { node } = parseRegex(pattern, { ignoreCase: options.ignoreCase ?? false });
  return compileRegex(node, { multiline: options.multiline ?? false });
}

function pikeFind(
  pattern: string,
  text: string,
  options: { ignoreCase?: boolean; multiline?: boolean } = {},
) {
  const bytes = Buffer.from(text);
  const machine = new PikeMachine(program(pattern, options));
  const search = machine.find({ bytes, start: 0, end: bytes.length }, 0, PAUSE_BYTES);
  for (;;) {
    const step = search.next();
    if (step.done === true) return step.value === undefined ? undefined : spanText(bytes, step.value);
  }
}

function spanText(bytes: Buffer, span: MatchSpan): [number, string] {
  return [bytes.subarray(0, span.start).toString().length, bytes.subarray(span.start, span.end).toString()];
}

/** Lines, from 0, that the automaton says match; `?` marks lines it leaves to the slower machine. */
function dfaLines(pattern: string, text: string, options: { ignoreCase?: boolean } = {}): string {
  return text
    .split('\n')
    .map((line, index) => {
      const dfa = new LazyDfa(program(pattern, options));
      const bytes = Buffer.from(line);
      for (let at = 0; at < bytes.length; ) {
        at = dfa.scan(bytes, at, Math.min(at + 3, bytes.length));
        if (dfa.outcome() === 'match') return String(index);
        if (dfa.outcome() === 'quit') return '?';
      }
      dfa.finish();
      return dfa.outcome() === 'match' ? String(index) : '';
    })
    .join('');
}

const atom = fc.constantFrom(
  'a',
  'b',
  'c',
  '.',
  '[ab]',
  '[^a]',
  '\\b',
  '\\B',
  '^',
  '$',
  '(?:)',
  'é',
  '\\x41',
  '[[:alpha:]]',
);
const pattern = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    atom,
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => a + b),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(?:${a}|${b})`),
    fc
      .tuple(tie('node'), fc.constantFrom('*', '+', '?', '*?', '{2}', '{1,3}', '{0,2}?'))
      .map(([a, op]) => `(?:${a})${op}`),
  ),
})).node;
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A', ' ', '_', '-'), maxLength: 14 });

function oracle(source: string, flags: string): RegExp {
  return new RegExp(source.replaceAll('[[:alpha:]]', '[a-zA-Z]'), flags);
}

describe('generated patterns', () => {
  test('both machines agree with a backtracking engine', () => {
    fc.assert(
      fc.property(pattern, text, fc.boolean(), (source, haystack, ignoreCase) => {
        const expected = oracle(source, ignoreCase ? 'imu' : 'mu').exec(haystack);
        const found = pikeFind(source, haystack, { ignoreCase });
        expect(found?.[0]).toBe(expected?.index);
        expect(dfaLines(source, haystack, { ignoreCase })).toBe(expected === null ? '' : '0');
      }),
      { numRuns: 3000 },
    );
  });

  test('the end of a match is the preferred one when no loop body can be empty', () => {
    for (const [source, haystack] of [
      ['a*?b', 'aab'],
      ['a|ab', 'ab'],
      ['(?:a|ab)(?:c|bcd)', 'abcd'],
      ['a{2,3}?', 'aaaa'],
      ['a{2,3}', 'aaaa'],
      ['[^b]+', 'aabc'],
    ] as const) {
      const expected = new RegExp(source, 'u').exec(haystack);
      expect(pikeFind(source, haystack)).toEqual([expected?.index, expected?.[0]]);
    }
  });
});

describe('meaning', () => {
  test('word characters are Unicode and case folding is simple folding', () => {
    expect(pikeFind('\\w+', '-- größe_1 ')?.[1]).toBe('größe_1');
    expect(pikeFind('GRÖSSE|größe', 'GRÖßE', { ignoreCase: true })?.[1]).toBe('GRÖßE');
    expect(pikeFind('kind', '\u212aind', { ignoreCase: true })?.[0]).toBe(0);
    expect(pikeFind('[^k]', '\u212a', { ignoreCase: true })).toBeUndefined();
    expect(pikeFind('i', '\u0131\u0130', { ignoreCase: true })).toBeUndefined();
    expect(pikeFind('\\p{Greek}+', 'abc λόγος')?.[1]).toBe('λόγος');
    expect(pikeFind('\\PL', 'a1')?.[1]).toBe('1');
  });

  test('a word boundary beside a character outside ASCII is left to the exact machine', () => {
    expect(dfaLines('\\bgr\\b', 'größe')).toBe('?');
    expect(pikeFind('\\bgr\\b', 'größe')).toBeUndefined();
    expect(pikeFind('\\bgröße\\b', 'die größe.')?.[0]).toBe(4);
  });

  test('bytes that are no UTF-8 match no class', () => {
    const bytes = Buffer.from([0x61, 0xff, 0x62]);
    const dfa = new LazyDfa(program('a.b'));
    dfa.scan(bytes, 0, 3);
    expect(dfa.outcome()).toBe('none');
  });

  test('lines are texts of their own unless the search crosses lines', () => {
    expect(dfaLines('^b$', 'a\nb\nc')).toBe('1');
    expect(dfaLines('\\Ab\\z', 'a\nb')).toBe('1');
    expect(pikeFind('a\\s+b', 'a\n b', { multiline: true })?.[1]).toBe('a\n b');
    expect(pikeFind('(?s)a.b', 'a\nb', { multiline: true })?.[1]).toBe('a\nb');
    expect(pikeFind('(?-m)^b', 'a\nb', { multiline: true })).toBeUndefined();
  });

  test('a brace that opens no count is a character', () => {
    expect(pikeFind('main() {', 'int main {')).toEqual([4, 'main {']);
    expect(pikeFind('a{,2}', 'a{,2}')?.[1]).toBe('a{,2}');
  });

  test('flags hold to the end of their group', () => {
    expect(pikeFind('(?:(?i)a)b', 'Ab')?.[1]).toBe('Ab');
    expect(pikeFind('(?:(?i)a)b', 'AB')).toBeUndefined();
    expect(pikeFind('(?U)a+', 'aaa')?.[1]).toBe('a');
    expect(pikeFind('\\Qa.b\\E+', 'a.bb')?.[1]).toBe('a.bb');
  });
});

describe('refusals', () => {
  test.each([
    ['(?=a)', 'look-ahead'],
    ['(?!a)', 'negative look-ahead'],
    ['(?<=a)', 'look-behind'],
    ['(?<!a)', 'negative look-behind'],
    ['(a)\\1', 'back-reference'],
    ['(?P<n>a)(?P=n)', 'back-reference'],
    ['\\k<n>', 'back-reference'],
    ['(?>a)', 'atomic group'],
    ['a++', 'possessive quantifier'],
    ['a{2}{3}', 'repetition of a repetition'],
    ['(?R)', 'recursion'],
    ['\\G', '\\G'],
    ['\\C', 'a single byte'],
  ])('%s is refused by name', (source, name) => {
    expect(() => parseRegex(source, { ignoreCase: false })).toThrow(
      expect.objectContaining({ code: 'unsupported_pattern', message: expect.stringContaining(name) }),
    );
  });

  test.each([
    '(',
    'a)',
    '[a',
    '*a',
    'a{3,2}',
    'a{1001}',
    '\\',
    '[z-a]',
    '\\p{Nope}',
    '\\q',
    '\\x{110000}',
    '[[:nope:]]',
  ])('%s is invalid, with a position and a way out', (source) => {
    expect(() => parseRegex(source, { ignoreCase: false })).toThrow(
      expect.objectContaining({ code: 'invalid_pattern', position: expect.any(Number) }),
    );
  });

  test('a pattern that would need too many states is refused', () => {
    expect(() => program('(?:\\w{1000}){1000}')).toThrow(
      expect.objectContaining({ code: 'pattern_too_large' }),
    );
    expect(() => program('('.repeat(300) + ')'.repeat(300))).toThrow(
      expect.objectContaining({ code: 'invalid_pattern' }),
    );
  });
});

test('the automaton survives dropping its states, in linear time', () => {
  const letters = Array.from({ length: 60_000 }, (_, index) => ((index * 7919) % 13 < 6 ? 'a' : 'b')).join(
    '',
  );
  expect(dfaLines('a[ab]{13}c', `${letters}a${'b'.repeat(13)}c\n${letters}b${'b'.repeat(13)}c`)).toBe('0');
});

test('case orbits are those of the runtime for every cased character', () => {
  for (const codePoint of casedCodePoints()) {
    const alike = new RegExp(`^\\u{${codePoint.toString(16)}}$`, 'iu');
    for (const member of caseOrbit(codePoint)) {
      expect(alike.test(String.fromCodePoint(member))).toBe(true);
      expect(foldCodePoint(member)).toBe(foldCodePoint(codePoint));
    }
  }
  expect(caseOrbit(0x3c3)).toEqual([0x3a3, 0x3c2, 0x3c3]);
  expect(caseOrbit(0x1c5)).toEqual([0x1c4, 0x1c5, 0x1c6]);
  expect(caseOrbit(0xb5)).toEqual([0xb5, 0x39c, 0x3bc]);
});
