// Named character classes with the meaning ripgrep gives them: Unicode for \w \d \s, ASCII for [:alpha:].

import { type CodePointSet, createSet } from './code-point-set.ts';

const CHUNK = 0x1000;
const SCALAR_LIMIT = 0x110000;
/**
 * Planes 4 to 13 are unassigned and planes 15 and 16 are for private use, by the stability policy of Unicode:
 * one member of each speaks for all, which makes a class four times cheaper to find out.
 */
const UNIFORM: readonly (readonly [number, number])[] = [
  [0x40000, 0xdffff],
  [0xf0000, 0x10ffff],
];
const cache = new Map<string, CodePointSet>();

/** `\d`: decimal digits (general category Nd). */
export function digitClass(): CodePointSet {
  return classOf('\\p{Nd}');
}

/** `\s`: the White_Space property. */
export function spaceClass(): CodePointSet {
  return classOf('\\p{White_Space}');
}

/** `\w`: UTS #18 Annex C word characters. */
export function wordClass(): CodePointSet {
  return classOf('\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}');
}

/**
 * The class of a Unicode property, script or general category; `undefined` when the name is unknown.
 * Accepts `L`, `Lu`, `Letter`, `Alphabetic`, `Greek`, `Script=Greek`, `sc=Greek`, `gc=L`.
 */
export function propertyClass(name: string): CodePointSet | undefined {
  if (!/^[A-Za-z0-9_]+(=[A-Za-z0-9_]+)?$/.test(name)) return undefined;
  for (const candidate of [name, `Script=${name}`, `General_Category=${name}`]) {
    const source = `\\p{${candidate}}`;
    if (isKnownProperty(source)) return classOf(source);
  }
  return undefined;
}

const ASCII_CLASSES: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  alnum: [
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x61, 0x7a],
  ],
  alpha: [
    [0x41, 0x5a],
    [0x61, 0x7a],
  ],
  ascii: [[0, 0x7f]],
  blank: [
    [0x09, 0x09],
    [0x20, 0x20],
  ],
  cntrl: [
    [0, 0x1f],
    [0x7f, 0x7f],
  ],
  digit: [[0x30, 0x39]],
  graph: [[0x21, 0x7e]],
  lower: [[0x61, 0x7a]],
  print: [[0x20, 0x7e]],
  punct: [
    [0x21, 0x2f],
    [0x3a, 0x40],
    [0x5b, 0x60],
    [0x7b, 0x7e],
  ],
  space: [
    [0x09, 0x0d],
    [0x20, 0x20],
  ],
  upper: [[0x41, 0x5a]],
  word: [
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x5f, 0x5f],
    [0x61, 0x7a],
  ],
  xdigit: [
    [0x30, 0x39],
    [0x41, 0x46],
    [0x61, 0x66],
  ],
};

/** The class of `[:name:]`; `undefined` when the name is unknown. */
export function asciiClass(name: string): CodePointSet | undefined {
  const ranges = Object.hasOwn(ASCII_CLASSES, name) ? ASCII_CLASSES[name] : undefined;
  return ranges === undefined ? undefined : createSet(ranges);
}

function isKnownProperty(source: string): boolean {
  try {
    new RegExp(source, 'u');
    return true;
  } catch {
    // The constructor is the only oracle for property names; a SyntaxError means "unknown".
    return false;
  }
}

// The runtime answers membership only by matching, so runs of members are matched in text that holds every scalar.
function classOf(body: string): CodePointSet {
  const known = cache.get(body);
  if (known !== undefined) return known;
  const members = new RegExp(`[${body}]+`, 'gu');
  const ranges: [number, number][] = [];
  for (const [low, high] of UNIFORM) {
    if (new RegExp(`^[${body}]$`, 'u').test(String.fromCodePoint(low))) ranges.push([low, high]);
  }
  for (let low = 0; low < SCALAR_LIMIT; low += CHUNK) {
    if (UNIFORM.some(([first, last]) => low >= first && low <= last)) continue;
    if (low >= 0xd000 && low < 0xe000) collectSingly(body, { low, high: 0xd800 }, ranges);
    else collectRuns(members, low, ranges);
  }
  const set = createSet(ranges);
  cache.set(body, set);
  return set;
}

function collectRuns(members: RegExp, low: number, ranges: [number, number][]): void {
  const width = low > 0xffff ? 2 : 1;
  const codePoints = Array.from({ length: CHUNK }, (_, index) => low + index);
  const text = String.fromCodePoint(...codePoints);
  for (const run of text.matchAll(members)) {
    const first = low + run.index / width;
    ranges.push([first, first + run[0].length / width - 1]);
  }
}

// The chunk with the surrogates cannot be built as one string without pairing them up by accident.
function collectSingly(body: string, span: { low: number; high: number }, ranges: [number, number][]): void {
  const member = new RegExp(`^[${body}]$`, 'u');
  for (let codePoint = span.low; codePoint < span.high; codePoint++) {
    if (member.test(String.fromCodePoint(codePoint))) ranges.push([codePoint, codePoint]);
  }
}
