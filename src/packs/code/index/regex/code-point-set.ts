// Sets of Unicode scalar values as sorted, disjoint, inclusive ranges.
// Surrogates are never members: UTF-8 text cannot hold them.

import { casedCodePoints, caseOrbit } from './case-orbit.ts';

/** Flat pairs `[low, high, low, high, ...]`, sorted, disjoint and not adjacent. */
export type CodePointSet = readonly number[];

const MAX_CODE_POINT = 0x10ffff;
const SURROGATES: CodePointSet = [0xd800, 0xdfff];

/** Above this many members it is cheaper to walk the table of cased characters than the set. */
const SMALL_SET_MEMBERS = 256;

/** The set of the given inclusive ranges, which may overlap and come in any order. */
export function createSet(ranges: readonly (readonly [number, number])[]): CodePointSet {
  const sorted = ranges.filter(([low, high]) => low <= high).sort((a, b) => a[0] - b[0]);
  const flat: number[] = [];
  for (const [low, high] of sorted) {
    const last = flat.at(-1);
    if (last !== undefined && low <= last + 1) flat[flat.length - 1] = Math.max(last, high);
    else flat.push(low, high);
  }
  return flat;
}

/** The members of either set. */
export function unionSets(...sets: readonly CodePointSet[]): CodePointSet {
  return createSet(sets.flatMap((set) => [...rangesOf(set)]));
}

/** Every scalar value that is not a member; surrogates stay out. */
export function negateSet(set: CodePointSet): CodePointSet {
  const gaps: [number, number][] = [];
  let next = 0;
  for (const [low, high] of rangesOf(unionSets(set, SURROGATES))) {
    gaps.push([next, low - 1]);
    next = high + 1;
  }
  gaps.push([next, MAX_CODE_POINT]);
  return createSet(gaps);
}

/** The members of `set` that are not in `removed`. */
export function subtractSet(set: CodePointSet, removed: CodePointSet): CodePointSet {
  return negateSet(unionSets(negateSet(set), removed));
}

/** Whether `codePoint` is a member, by binary search. */
export function setContains(set: CodePointSet, codePoint: number): boolean {
  let low = 0;
  let high = set.length / 2 - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (codePoint < (set[2 * middle] ?? 0)) high = middle - 1;
    else if (codePoint > (set[2 * middle + 1] ?? 0)) low = middle + 1;
    else return true;
  }
  return false;
}

/** Number of members. */
export function setSize(set: CodePointSet): number {
  let size = 0;
  for (const [low, high] of rangesOf(set)) size += high - low + 1;
  return size;
}

/** The set closed under simple case folding (Unicode CaseFolding.txt, statuses C and S). */
export function foldSet(set: CodePointSet): CodePointSet {
  const added: [number, number][] = [];
  const candidates = setSize(set) <= SMALL_SET_MEMBERS ? membersOf(set) : casedCodePoints();
  for (const codePoint of candidates) {
    if (!setContains(set, codePoint)) continue;
    for (const other of caseOrbit(codePoint)) added.push([other, other]);
  }
  return added.length === 0 ? set : createSet([...rangesOf(set), ...added]);
}

/** Every member in order; meant for small sets. */
export function* membersOf(set: CodePointSet): Generator<number> {
  for (const [low, high] of rangesOf(set)) {
    for (let codePoint = low; codePoint <= high; codePoint++) yield codePoint;
  }
}

/** The ranges as pairs. */
export function* rangesOf(set: CodePointSet): Generator<readonly [number, number]> {
  for (let i = 0; i < set.length; i += 2) yield [set[i] ?? 0, set[i + 1] ?? 0];
}
