// Patterns against texts that are made to hold them up.
import { expect, test } from 'vitest';
import { DOCUMENT_LANGUAGES } from './document-languages.ts';
import { FUNCTIONAL_LANGUAGES } from './functional-languages.ts';
import { PROGRAM_LANGUAGES } from './program-languages.ts';
import { CPP_PATTERNS, SHELL_PATTERNS } from './rescue-patterns.ts';
import type { ScanLanguage } from './scan-language.ts';
import { scanText } from './scanner.ts';

const LANGUAGES: Readonly<Record<string, ScanLanguage>> = {
  ...PROGRAM_LANGUAGES,
  ...FUNCTIONAL_LANGUAGES,
  ...DOCUMENT_LANGUAGES,
  'C++ that was not parsed': CPP_PATTERNS,
  'shells that were not parsed': SHELL_PATTERNS,
};
const BYTES = 100_000;
const HOSTILE = [
  'a ',
  'a a a a a\n',
  'abstract final public static ',
  'fun f(',
  'function f(\n',
  '((((',
  '{{{{\n',
  '@a(',
  '"',
  '"""',
  '/*',
  '<a ',
  '<h1><b>',
  'a,b;c\t',
  '\n\n\n',
  'int a(int b, {int c}, (',
  '# a\n',
  'a\n===\n',
  '  '.repeat(50),
  'a: \n  ',
  '- - - ',
  'typedef a ',
  'ifeq a\n\ta b\n\tc\n',
  'FOO_BAR(',
  'FOO_BAR(a) ',
  'class FOO_BAR a : ',
  'class a<',
  'a*&b*& ',
  '~a(b) : c(d), ',
  'alias -a ',
  '(* ',
];

test.each(Object.keys(LANGUAGES))(
  'a hostile text of %s ends in time',
  (language) => {
    const rules = LANGUAGES[language];
    if (rules === undefined) throw new Error('there are no rules');
    for (const piece of HOSTILE) {
      const started = performance.now();
      scanText(piece.repeat(BYTES / piece.length), rules);
      expect([piece, Math.round(performance.now() - started)]).toEqual([
        piece,
        expect.toSatisfy((ms) => ms < 3_000),
      ]);
    }
  },
  60_000,
);
