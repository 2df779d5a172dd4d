// How a value is written where a URL would read structure into it.
import { ArgumentRefusal } from './argument-refusal.ts';

/**
 * Percent-encodes all but the unreserved characters of RFC 3986 §2.3, `/ ? # ' ( ) *` included.
 * Throws ArgumentRefusal for text that UTF-8 cannot carry.
 */
export function encodeComponent(text: string, field: string): string {
  if (!text.isWellFormed()) throw notWellFormed(text, field);
  return encodeURIComponent(text).replace(SUB_DELIMITERS, toPercent);
}

/** Text with a lone surrogate would arrive altered. */
export function notWellFormed(text: string, field: string): ArgumentRefusal {
  return new ArgumentRefusal(field, {
    problem: 'the text contains half of a surrogate pair',
    expected: 'well-formed Unicode text',
    fix: `Send ${field} without lone surrogates.`,
    received: text,
  });
}

const SUB_DELIMITERS = /[!'()*]/g;

function toPercent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
