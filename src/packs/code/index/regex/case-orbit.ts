// Simple case folding: which characters count as the same letter without regard to case.
// The runtime has no fold table, so it is derived from its case mappings and checked against its /iu matcher.

const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const LOWER_A = 0x61;
const LOWER_Z = 0x7a;
const CASE_BIT = 0x20;
const ASCII_LIMIT = 0x80;
const KELVIN_SIGN = 0x212a;
const LONG_S = 0x17f;

/** Cased scripts end below this; Adlam (U+1E943) is the highest in Unicode 17. */
const CASED_LIMIT = 0x20000;

/** Characters asked about at once; most rows of Unicode have no case at all. */
const ROW = 256;

let table: ReadonlyMap<number, readonly number[]> | undefined;

/** Every character equal to `codePoint` under simple case folding, itself included. */
export function caseOrbit(codePoint: number): readonly number[] {
  if (codePoint < ASCII_LIMIT) return asciiOrbit(codePoint);
  return orbits().get(codePoint) ?? [codePoint];
}

/** The representative of an orbit: the lower-case ASCII letter if there is one, else its smallest member. */
export function foldCodePoint(codePoint: number): number {
  if (codePoint < ASCII_LIMIT) {
    return codePoint >= UPPER_A && codePoint <= UPPER_Z ? codePoint | CASE_BIT : codePoint;
  }
  const smallest = orbits().get(codePoint)?.[0];
  return smallest === undefined ? codePoint : foldIfAscii(smallest);
}

/** Every character that has another case. */
export function casedCodePoints(): Iterable<number> {
  return orbits().keys();
}

function foldIfAscii(codePoint: number): number {
  return codePoint < ASCII_LIMIT ? codePoint | CASE_BIT : codePoint;
}

function asciiOrbit(codePoint: number): readonly number[] {
  const lower = codePoint | CASE_BIT;
  if (lower < LOWER_A || lower > LOWER_Z) return [codePoint];
  const pair = [lower ^ CASE_BIT, lower];
  if (lower === 'k'.charCodeAt(0)) return [...pair, KELVIN_SIGN];
  if (lower === 's'.charCodeAt(0)) return [...pair, LONG_S];
  return pair;
}

function orbits(): ReadonlyMap<number, readonly number[]> {
  table ??= buildOrbits();
  return table;
}

function buildOrbits(): Map<number, readonly number[]> {
  const groups = new Map<number, Set<number>>();
  for (let row = 0; row < CASED_LIMIT; row += ROW) {
    const characters = Array.from({ length: ROW }, (_, offset) => String.fromCodePoint(row + offset));
    const text = characters.join('');
    if (text.toLowerCase() === text && text.toUpperCase() === text) continue;
    for (const character of characters) joinMapped(groups, character);
  }
  const result = new Map<number, readonly number[]>();
  for (const group of new Set(groups.values())) {
    const members = [...group].sort((a, b) => a - b);
    for (const member of members) result.set(member, members);
  }
  return result;
}

function joinMapped(groups: Map<number, Set<number>>, text: string): void {
  const codePoint = text.codePointAt(0) ?? 0;
  for (const mapped of [text.toLowerCase(), text.toUpperCase()]) {
    const other = mapped.codePointAt(0) ?? codePoint;
    const single = mapped.length === (other > 0xffff ? 2 : 1);
    if (single && other !== codePoint && foldsTo({ text, mapped })) joinGroups(groups, codePoint, other);
  }
}

// A mapping alone is not folding: dotless i upper-cases to I, yet the two do not match each other. Pairs that map
// to each other do; only the odd ones are worth asking the matcher.
function foldsTo({ text, mapped }: { text: string; mapped: string }): boolean {
  if (mapped.toLowerCase() === text || (text.toLowerCase() === mapped && mapped.toUpperCase() === text))
    return true;
  return new RegExp(`^\\u{${(text.codePointAt(0) ?? 0).toString(16)}}$`, 'iu').test(mapped);
}

function joinGroups(groups: Map<number, Set<number>>, a: number, b: number): void {
  const joined = new Set([a, b, ...(groups.get(a) ?? []), ...(groups.get(b) ?? [])]);
  for (const member of joined) groups.set(member, joined);
}
