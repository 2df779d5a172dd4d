// Bounds and forms of single values: lengths, ranges, patterns.
import type { JsonObject } from '../../tool.ts';
import type { familyOf } from './schema-types.ts';

type Family = ReturnType<typeof familyOf>;

/** Keywords under which a larger value refuses more, and those under which a smaller one does. */
const LOWER: readonly (readonly [string, Family])[] = [
  ['minLength', 'string'],
  ['minItems', 'array'],
  ['minProperties', 'object'],
];
const UPPER: readonly (readonly [string, Family])[] = [
  ['maxLength', 'string'],
  ['maxItems', 'array'],
  ['maxProperties', 'object'],
];
/** Keywords of which no other value is known to admit as much. */
const FORMS: readonly (readonly [string, Family])[] = [
  ['pattern', 'string'],
  ['format', 'string'],
];

/** Bounds of `to` that are stricter than those of `from`, for the families of values that `from` admits. */
export function boundRefusals<Found>(
  from: JsonObject,
  to: JsonObject,
  families: ReadonlySet<Family>,
  at: (keyword: string) => Found,
): Found[] {
  const concerned = (rows: typeof LOWER) =>
    rows.filter(([keyword, family]) => families.has(family) && to[keyword] !== undefined);
  return [
    ...concerned(LOWER).filter(([key]) => numberOf(to[key], 0) > numberOf(from[key], 0)),
    ...concerned(UPPER).filter(([key]) => numberOf(to[key], Infinity) < numberOf(from[key], Infinity)),
    ...concerned(FORMS).filter(([key]) => to[key] !== from[key]),
  ]
    .map(([keyword]) => at(keyword))
    .concat(families.has('number') ? rangeRefusals(from, to, at) : [])
    .concat(
      families.has('array') && to.uniqueItems === true && from.uniqueItems !== true
        ? [at('uniqueItems')]
        : [],
    );
}

function rangeRefusals<Found>(from: JsonObject, to: JsonObject, at: (keyword: string) => Found): Found[] {
  const found: Found[] = [];
  const [fromLow, toLow] = [limitOf(from, LOW), limitOf(to, LOW)];
  if (toLow.value > fromLow.value || (toLow.value === fromLow.value && toLow.isOpen && !fromLow.isOpen))
    found.push(at(toLow.isOpen ? 'exclusiveMinimum' : 'minimum'));
  const [fromHigh, toHigh] = [limitOf(from, HIGH), limitOf(to, HIGH)];
  if (toHigh.value < fromHigh.value || (toHigh.value === fromHigh.value && toHigh.isOpen && !fromHigh.isOpen))
    found.push(at(toHigh.isOpen ? 'exclusiveMaximum' : 'maximum'));
  if (to.multipleOf !== undefined && !isMultiple(from.multipleOf, to.multipleOf))
    found.push(at('multipleOf'));
  return found;
}

interface Side {
  readonly closed: string;
  readonly open: string;
  /** What no limit at all comes to. */
  readonly none: number;
}

const LOW: Side = { closed: 'minimum', open: 'exclusiveMinimum', none: -Infinity };
const HIGH: Side = { closed: 'maximum', open: 'exclusiveMaximum', none: Infinity };

/** The stricter of the inclusive and the exclusive limit. */
function limitOf(schema: JsonObject, side: Side): { readonly value: number; readonly isOpen: boolean } {
  const closed = numberOf(schema[side.closed], side.none);
  const open = numberOf(schema[side.open], side.none);
  if (open === side.none) return { value: closed, isOpen: false };
  const isOpen = side === LOW ? open >= closed : open <= closed;
  return { value: isOpen ? open : closed, isOpen };
}

/** Exact only between integers; fractions of two are not proven to divide each other. */
function isMultiple(from: unknown, to: unknown): boolean {
  if (from === to) return true;
  return Number.isInteger(from) && Number.isInteger(to) && Number(from) % Number(to) === 0;
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
