// Evaluates assertions at one position of a haystack, with Unicode word characters decoded from UTF-8.

import { setContains } from './code-point-set.ts';
import { ASSERTIONS, type Assertion } from './regex-node.ts';
import { wordClass } from './unicode-class.ts';

/** Bytes `start..end` of `bytes` are the whole text; assertions do not look outside. */
export interface Haystack {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

const LINE_FEED = 0x0a;
const ASCII_LIMIT = 0x80;
/** Answer of a look at bytes that are no UTF-8. */
const INVALID = -1;

/** Whether the assertion with this index in ASSERTIONS holds before the byte at `position`. */
export function holdsAt(assertionIndex: number, haystack: Haystack, position: number): boolean {
  const assertion: Assertion | undefined = ASSERTIONS[assertionIndex];
  switch (assertion) {
    case 'text-start':
      return position === haystack.start;
    case 'text-end':
      return position === haystack.end;
    case 'line-start':
      return position === haystack.start || haystack.bytes[position - 1] === LINE_FEED;
    case 'line-end':
      return position === haystack.end || haystack.bytes[position] === LINE_FEED;
    case 'word-boundary':
      return wordBefore(haystack, position) !== wordAfter(haystack, position);
    case 'not-word-boundary':
      return (
        validAround(haystack, position) && wordBefore(haystack, position) === wordAfter(haystack, position)
      );
    case 'word-start':
      return !wordBefore(haystack, position) && wordAfter(haystack, position);
    case 'word-end':
      return wordBefore(haystack, position) && !wordAfter(haystack, position);
    case undefined:
      return false;
  }
}

/** Whether `byte` is an ASCII word character. */
export function isAsciiWord(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    byte === 0x5f ||
    (byte >= 0x61 && byte <= 0x7a)
  );
}

/** The character that starts at `position`, or -1 when the bytes there are no UTF-8 or the text ends. */
export function decodeAt(haystack: Haystack, position: number): number {
  const { bytes, end } = haystack;
  if (position >= end) return INVALID;
  const lead = bytes[position] ?? 0;
  if (lead < ASCII_LIMIT) return lead;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || position + length > end) return INVALID;
  let codePoint = lead & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const byte = bytes[position + i] ?? 0;
    if ((byte & 0xc0) !== 0x80) return INVALID;
    codePoint = (codePoint << 6) | (byte & 0x3f);
  }
  const overlong = (length === 3 && codePoint < 0x800) || (length === 4 && codePoint < 0x10000);
  const surrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
  return overlong || surrogate || codePoint > 0x10ffff ? INVALID : codePoint;
}

function decodeBefore(haystack: Haystack, position: number): number {
  if (position <= haystack.start) return INVALID;
  let lead = position - 1;
  const furthest = Math.max(haystack.start, position - 4);
  while (lead > furthest && ((haystack.bytes[lead] ?? 0) & 0xc0) === 0x80) lead--;
  const codePoint = decodeAt({ ...haystack, end: position }, lead);
  const length = codePoint < ASCII_LIMIT ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
  return lead + length === position ? codePoint : INVALID;
}

function wordBefore(haystack: Haystack, position: number): boolean {
  return isWord(decodeBefore(haystack, position));
}

function wordAfter(haystack: Haystack, position: number): boolean {
  return isWord(decodeAt(haystack, position));
}

function isWord(codePoint: number): boolean {
  if (codePoint === INVALID) return false;
  return codePoint < ASCII_LIMIT ? isAsciiWord(codePoint) : setContains(wordClass(), codePoint);
}

// Rust's regex lets \B hold only where both neighbours are valid UTF-8, so that it never splits a character.
function validAround(haystack: Haystack, position: number): boolean {
  const before = position === haystack.start || decodeBefore(haystack, position) !== INVALID;
  return before && (position === haystack.end || decodeAt(haystack, position) !== INVALID);
}
