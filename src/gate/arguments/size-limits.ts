// The cheap walk that keeps oversize arguments away from everything that costs more (spec servers §2.1, §5).

/** The part of a definition's `limits` that bounds arguments. */
export interface ArgumentsLimits {
  /** Levels of objects and arrays, the arguments themselves being the first. */
  readonly maxArgsDepth: number;
  /** UTF-16 units of any one string. */
  readonly maxStringLength: number;
  readonly maxArrayLength: number;
}

/** The first value that exceeds a limit. */
export interface SizeExcess {
  readonly limit: keyof ArgumentsLimits;
  readonly bound: number;
  /** Depth, length of the string, or length of the array. */
  readonly size: number;
  readonly path: readonly (string | number)[];
}

/** Whether every string, array and nesting stays within the limits. Allocates nothing. */
export function isWithinLimits(value: unknown, limits: ArgumentsLimits, depth = 1): boolean {
  if (typeof value === 'string') return value.length <= limits.maxStringLength;
  if (typeof value !== 'object' || value === null) return true;
  if (depth > limits.maxArgsDepth) return false;
  if (Array.isArray(value)) {
    if (value.length > limits.maxArrayLength) return false;
    for (let index = 0; index < value.length; index++) {
      if (!isWithinLimits(value[index], limits, depth + 1)) return false;
    }
    return true;
  }
  return isRecord(value) && membersAreWithin(value, limits, depth + 1);
}

function membersAreWithin(
  value: Readonly<Record<string, unknown>>,
  limits: ArgumentsLimits,
  depth: number,
): boolean {
  // Arguments come from JSON.parse: every enumerable property is an own one.
  for (const name in value) if (!isWithinLimits(value[name], limits, depth)) return false;
  return true;
}

function isRecord(value: object): value is Record<string, unknown> {
  return !Array.isArray(value);
}

/** Where {@link isWithinLimits} says no; undefined where it says yes. */
export function findExcess(
  value: unknown,
  limits: ArgumentsLimits,
  path: readonly (string | number)[] = [],
): SizeExcess | undefined {
  if (typeof value === 'string') {
    if (value.length <= limits.maxStringLength) return undefined;
    return { limit: 'maxStringLength', bound: limits.maxStringLength, size: value.length, path };
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (path.length >= limits.maxArgsDepth) {
    return { limit: 'maxArgsDepth', bound: limits.maxArgsDepth, size: path.length + 1, path };
  }
  if (Array.isArray(value) && value.length > limits.maxArrayLength) {
    return { limit: 'maxArrayLength', bound: limits.maxArrayLength, size: value.length, path };
  }
  const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [key, item] of entries) {
    const excess = findExcess(item, limits, [...path, key]);
    if (excess !== undefined) return excess;
  }
  return undefined;
}

/** Number of values in a tree, counted up to `most`. */
export function countValues(value: unknown, most: number): number {
  if (typeof value !== 'object' || value === null) return 1;
  let count = 1;
  for (const item of Object.values(value)) {
    count += countValues(item, most - count);
    if (count >= most) return most;
  }
  return count;
}
