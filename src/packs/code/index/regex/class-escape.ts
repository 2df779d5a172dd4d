// What a backslash means, inside and outside brackets.

import type { CodePointSet } from './code-point-set.ts';
import type { PatternReader } from './pattern-reader.ts';
import { digitClass, propertyClass, spaceClass, wordClass } from './unicode-class.ts';

/** One character, or a class of them. */
export type ClassEscape =
  | { readonly kind: 'character'; readonly codePoint: number }
  | { readonly kind: 'class'; readonly set: CodePointSet; readonly negated: boolean };

const CONTROL_ESCAPES: Readonly<Record<string, number>> = { a: 7, t: 9, n: 10, v: 11, f: 12, r: 13 };

const NAMED_CLASSES: Readonly<Record<string, () => CodePointSet>> = {
  d: digitClass,
  s: spaceClass,
  w: wordClass,
};

/** Digits that each escape takes when it is not written with braces. */
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

const SURROGATE_FIRST = 0xd800;
const SURROGATE_LAST = 0xdfff;
const MAX_CODE_POINT = 0x10ffff;

/** Reads the rest of an escape, after its backslash. */
export function parseClassEscape(reader: PatternReader): ClassEscape {
  if (reader.done) throw reader.invalid('a backslash at the end', 'write \\\\ for a backslash');
  const symbol = reader.next();
  const control = Object.hasOwn(CONTROL_ESCAPES, symbol) ? CONTROL_ESCAPES[symbol] : undefined;
  if (control !== undefined) return { kind: 'character', codePoint: control };
  const lower = symbol.toLowerCase();
  const named = Object.hasOwn(NAMED_CLASSES, lower) ? NAMED_CLASSES[lower] : undefined;
  if (named !== undefined) return { kind: 'class', set: named(), negated: symbol !== lower };
  if (symbol === 'p' || symbol === 'P') return parseProperty(reader, symbol === 'P');
  const digits = Object.hasOwn(HEX_DIGITS, symbol) ? HEX_DIGITS[symbol] : undefined;
  if (digits !== undefined) return { kind: 'character', codePoint: parseHex(reader, digits) };
  refuseEscape(reader, symbol);
  return { kind: 'character', codePoint: symbol.codePointAt(0) ?? 0 };
}

function parseProperty(reader: PatternReader, outerNegated: boolean): ClassEscape {
  let name = reader.next();
  let negated = outerNegated;
  if (name === '{') {
    if (reader.take('^')) negated = !negated;
    name = reader.takeUntil('}');
  }
  const set = propertyClass(name);
  if (set === undefined) {
    throw reader.invalid(
      `unknown Unicode property "${name}"`,
      'use a general category such as \\p{Lu} or a script such as \\p{Greek}',
    );
  }
  return { kind: 'class', set, negated };
}

function parseHex(reader: PatternReader, digits: number): number {
  let text = '';
  if (reader.take('{')) text = reader.takeUntil('}');
  else for (let i = 0; i < digits; i++) text += reader.next();
  const codePoint = /^[0-9A-Fa-f]{1,8}$/.test(text) ? Number.parseInt(text, 16) : Number.NaN;
  const surrogate = codePoint >= SURROGATE_FIRST && codePoint <= SURROGATE_LAST;
  if (!(codePoint <= MAX_CODE_POINT) || surrogate) {
    throw reader.invalid(`"${text}" is no Unicode character`, 'use up to 10FFFF, without surrogates');
  }
  return codePoint;
}

const REFUSED_ESCAPES: Readonly<Record<string, readonly [string, string]>> = {
  k: ['back-reference \\k', 'spell out the alternatives'],
  g: ['back-reference \\g', 'spell out the alternatives'],
  G: ['\\G (end of the previous match)', 'remove it'],
  K: ['\\K (reset of the match start)', 'match the wider text and filter the results'],
  Z: ['\\Z', 'use \\z or $'],
  C: ['\\C (a single byte)', 'use . for a character'],
  X: ['\\X (a grapheme)', 'use . for a character'],
  R: ['\\R (any line break)', 'use \\r?\\n'],
  h: ['\\h (horizontal space)', 'use [ \\t]'],
  H: ['\\H', 'use [^ \\t]'],
  N: ['\\N', 'use .'],
  E: ['\\E without \\Q', 'remove it'],
};

// Letters and digits are kept for meanings: an unknown one is more likely a mistake than a literal.
function refuseEscape(reader: PatternReader, symbol: string): void {
  if (/[1-9]/.test(symbol))
    throw reader.unsupported(`back-reference \\${symbol}`, 'spell out the alternatives');
  const refused = Object.hasOwn(REFUSED_ESCAPES, symbol) ? REFUSED_ESCAPES[symbol] : undefined;
  if (refused !== undefined) throw reader.unsupported(refused[0], refused[1]);
  if (/[\p{L}\p{N}]/u.test(symbol))
    throw reader.invalid(`unknown escape \\${symbol}`, `write ${symbol} without the backslash`);
}
