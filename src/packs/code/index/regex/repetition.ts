// The repetition operators: * + ? {n} {n,} {n,m}, each lazy with a trailing ?.

import type { PatternReader } from './pattern-reader.ts';

/** RE2 refuses more: a count multiplies the size of the automaton. */
const REPEAT_MAX = 1000;

/** How often, and whether fewer is preferred. */
export interface Repetition {
  readonly min: number;
  readonly max: number;
  readonly lazy: boolean;
}

/** Reads a repetition operator if one comes next; a `{` that opens none is a literal, as in RE2. */
export function parseRepetition(reader: PatternReader): Repetition | undefined {
  const bounds = parseBounds(reader);
  if (bounds === undefined) return undefined;
  const lazy = reader.take('?');
  if (reader.at('*') || reader.at('+') || reader.at('?')) {
    throw reader.unsupported(
      `repetition of a repetition or possessive quantifier "${reader.peek()}"`,
      'group the inner one as (?:...)',
    );
  }
  const before = reader.position;
  if (parseBounds(reader) !== undefined) {
    reader.rewind(before);
    throw reader.unsupported('repetition of a repetition', 'group the inner one as (?:...)');
  }
  return { ...bounds, lazy };
}

function parseBounds(reader: PatternReader): { min: number; max: number } | undefined {
  if (reader.take('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
  if (reader.take('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
  if (reader.take('?')) return { min: 0, max: 1 };
  return parseCounts(reader);
}

function parseCounts(reader: PatternReader): { min: number; max: number } | undefined {
  const start = reader.position;
  if (!reader.take('{')) return undefined;
  const min = reader.takeNumber();
  if (min !== undefined) {
    let max: number = min;
    if (reader.take(',')) max = reader.takeNumber() ?? Number.POSITIVE_INFINITY;
    if (reader.take('}')) {
      checkCounts(reader, min, max);
      return { min, max };
    }
  }
  reader.rewind(start);
  return undefined;
}

function checkCounts(reader: PatternReader, min: number, max: number): void {
  if (min > REPEAT_MAX || (max !== Number.POSITIVE_INFINITY && max > REPEAT_MAX)) {
    throw reader.invalid(
      `a repetition count above ${REPEAT_MAX}`,
      `use at most {${REPEAT_MAX}} or an open range`,
    );
  }
  if (max < min)
    throw reader.invalid(`the counts {${min},${max}} are in the wrong order`, 'put the smaller one first');
}
