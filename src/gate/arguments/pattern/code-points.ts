// Sets of Unicode code points as sorted, disjoint ranges: what character classes of a pattern denote.

/** First and last code point, both included. */
export type Range = readonly [number, number];
export type CodePoints = readonly Range[];

export const LAST_CODE_POINT = 0x10_ff_ff;
const FIRST_SURROGATE = 0xd8_00;
const LAST_SURROGATE = 0xdf_ff;
const LAST_BMP = 0xff_ff;

export const digits: CodePoints = [[48, 57]];
export const wordCharacters: CodePoints = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
/** ECMA-262 `\s`: WhiteSpace and LineTerminator. */
export const whiteSpace: CodePoints = [
  [9, 13],
  [32, 32],
  [160, 160],
  [0x16_80, 0x16_80],
  [0x20_00, 0x20_0a],
  [0x20_28, 0x20_29],
  [0x20_2f, 0x20_2f],
  [0x20_5f, 0x20_5f],
  [0x30_00, 0x30_00],
  [0xfe_ff, 0xfe_ff],
];
export const lineTerminators: CodePoints = [
  [10, 10],
  [13, 13],
  [0x20_28, 0x20_29],
];

/** The same set, sorted and merged. */
export function normalise(ranges: CodePoints): CodePoints {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** Every code point that is not in a normalised set. */
export function complement(set: CodePoints): CodePoints {
  const rest: Range[] = [];
  let next = 0;
  for (const [from, to] of set) {
    if (from > next) rest.push([next, from - 1]);
    next = to + 1;
  }
  if (next <= LAST_CODE_POINT) rest.push([next, LAST_CODE_POINT]);
  return rest;
}

export function includes(set: CodePoints, codePoint: number): boolean {
  let low = 0;
  let high = set.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = set[middle];
    if (range === undefined) return false;
    if (codePoint < range[0]) high = middle - 1;
    else if (codePoint > range[1]) low = middle + 1;
    else return true;
  }
  return false;
}

/** The set of a property escape such as `\p{L}`. Throws SyntaxError for an unknown property. */
export function propertySet(source: string): CodePoints {
  const known = propertySets.get(source);
  if (known !== undefined) return known;
  const set = findProperty(source);
  propertySets.set(source, set);
  return set;
}

/** Facts of Unicode, some 30 ms each to gather; there are a few hundred properties at most. */
const propertySets = new Map<string, CodePoints>();

function findProperty(source: string): CodePoints {
  const matches = new RegExp(`^${source}$`, 'u');
  const ranges: Range[] = [];
  let from = -1;
  for (let codePoint = 0; codePoint <= LAST_CODE_POINT + 1; codePoint++) {
    const inside = codePoint <= LAST_CODE_POINT && matches.test(String.fromCodePoint(codePoint));
    if (inside && from < 0) from = codePoint;
    if (!inside && from >= 0) {
      ranges.push([from, codePoint - 1]);
      from = -1;
    }
  }
  return ranges;
}

/** A regular expression source without the `u` flag that matches exactly one code point of the set. */
export function toSource(set: CodePoints): string {
  const basic = set
    .flatMap(([from, to]) => basicRanges(from, to))
    .map(rangeSource)
    .join('');
  const pairs = set.flatMap(([from, to]) =>
    to > LAST_BMP ? pairSources(Math.max(from, LAST_BMP + 1), to) : [],
  );
  const options = [...(basic === '' ? [] : [`[${basic}]`]), ...pairs];
  if (options.length === 0) return '[]';
  return options.length === 1 && pairs.length === 0 ? (options[0] ?? '[]') : `(?:${options.join('|')})`;
}

/** Without surrogates: a half of a pair is no character. */
function basicRanges(from: number, to: number): Range[] {
  const ranges: Range[] = [];
  if (from < FIRST_SURROGATE) ranges.push([from, Math.min(to, FIRST_SURROGATE - 1)]);
  if (to > LAST_SURROGATE && from <= LAST_BMP) {
    ranges.push([Math.max(from, LAST_SURROGATE + 1), Math.min(to, LAST_BMP)]);
  }
  return ranges;
}

function rangeSource([from, to]: Range): string {
  return from === to ? unit(from) : `${unit(from)}-${unit(to)}`;
}

/** Splits a range of supplementary code points where the high surrogate changes. */
function pairSources(from: number, to: number): string[] {
  const high = (codePoint: number) => 0xd8_00 + ((codePoint - 0x1_00_00) >> 10);
  const low = (codePoint: number) => 0xdc_00 + ((codePoint - 0x1_00_00) & 0x3_ff);
  const pair = (highs: Range, lows: Range) => `[${rangeSource(highs)}][${rangeSource(lows)}]`;
  const first = high(from);
  const last = high(to);
  if (first === last) return [pair([first, first], [low(from), low(to)])];
  const sources = [pair([first, first], [low(from), 0xdf_ff])];
  if (last - first > 1) sources.push(pair([first + 1, last - 1], [0xdc_00, 0xdf_ff]));
  sources.push(pair([last, last], [0xdc_00, low(to)]));
  return sources;
}

function unit(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`;
}
