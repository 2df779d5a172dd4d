// Folds text for the index: what differs only in case gets the same trigrams. Queries are folded the same way,
// so the index never loses a match, whatever the case of text and query.

import { foldCodePoint } from '../regex/case-orbit.ts';
import { decodeAt } from '../regex/position-check.ts';
import { encodeUtf8 } from '../regex/utf8-automaton.ts';

const BYTE_VALUES = 256;
const ASCII_LIMIT = 0x80;
/** The bits of four bytes of which none is set where all are ASCII. */
const WORD_NOT_ASCII = 0x80808080 | 0;

/** Lower-case form of every ASCII byte; other bytes stand for themselves. */
export const ASCII_FOLD: Uint8Array = Uint8Array.from({ length: BYTE_VALUES }, (_, byte) =>
  byte < ASCII_LIMIT ? foldCodePoint(byte) : byte,
);

/**
 * Folds what is not ASCII of UTF-8 text into `target`, which must be as long and begin at a multiple of four in its
 * buffer: a letter is represented by the smallest of its orbit, so folding never lengthens text. ASCII and bytes that are
 * no UTF-8 are kept.
 * @returns the number of bytes written.
 */
export function foldUtf8(text: Uint8Array, target: Uint8Array): number {
  const haystack = { bytes: text, start: 0, end: text.length };
  // Most of most texts is ASCII, which is copied as a whole and skipped a word at a time until a letter gets shorter.
  target.set(text);
  const words = new Int32Array(target.buffer, target.byteOffset, text.length >>> 2);
  let written = 0;
  let position = 0;
  while (position < text.length) {
    if (written === position && (position & 3) === 0) {
      let word = position >>> 2;
      while (word < words.length && ((words[word] as number) & WORD_NOT_ASCII) === 0) word++;
      position = word << 2;
      written = position;
      if (position >= text.length) break;
    }
    const byte = text[position] ?? 0;
    const codePoint = byte < ASCII_LIMIT ? -1 : decodeAt(haystack, position);
    if (codePoint < 0) {
      target[written++] = byte;
      position++;
      continue;
    }
    for (const folded of foldedBytes(codePoint)) target[written++] = folded;
    position += codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
  }
  return written;
}

/** The folded bytes of one character, as a string with one byte per UTF-16 unit. */
export function foldedByteString(codePoint: number): string {
  return String.fromCharCode(...encodeUtf8(foldCodePoint(codePoint)));
}

const foldedCache = new Map<number, readonly number[]>();
/** Distinct characters remembered; a CJK text uses a few thousand. */
const FOLDED_CACHE_MAX = 1 << 16;

function foldedBytes(codePoint: number): readonly number[] {
  let bytes = foldedCache.get(codePoint);
  if (bytes === undefined) {
    if (foldedCache.size >= FOLDED_CACHE_MAX) foldedCache.clear();
    bytes = encodeUtf8(foldCodePoint(codePoint));
    foldedCache.set(codePoint, bytes);
  }
  return bytes;
}
