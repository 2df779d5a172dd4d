// Whether a schema refuses what another one took: decided for what can be decided, and assumed for the rest.
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../tool.ts';

/** Keys that say nothing about which values are valid. */
const NOTES: ReadonlySet<string> = new Set([
  ...['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly'],
  ...['$comment', '$schema', '$id', 'x-mcp-header'],
]);
/** Larger is stricter. */
const LEAST: ReadonlySet<string> = new Set([
  ...['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties', 'minContains'],
]);
/** Smaller is stricter. */
const MOST: ReadonlySet<string> = new Set([
  ...['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties', 'maxContains'],
]);
/** As deep as arguments may be nested; below it two schemas count as different. */
const DEPTH_MAX = 32;

/** What values of `before` `after` may refuse, each with its place; empty when it takes all of them. */
export function stricterPlaces(before: unknown, after: unknown, place = '', depth = 0): string[] {
  if (isDeepStrictEqual(before, after) || after === true) return [];
  if (depth > DEPTH_MAX) return [`${at(place)} is nested too deeply to be compared`];
  const [one, other] = [objectOf(before), objectOf(after)];
  if (one === undefined || other === undefined)
    return before === false ? [] : [`${at(place)} takes other values`];
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].flatMap((key) =>
    NOTES.has(key) ? [] : stricterKey(key, one, other, { place, depth: depth + 1 }),
  );
}

interface Where {
  readonly place: string;
  readonly depth: number;
}

function stricterKey(key: string, one: JsonObject, other: JsonObject, { place, depth }: Where): string[] {
  const [before, after] = [one[key], other[key]];
  // A rule that is gone refuses nothing any more; properties are judged by what takes their place.
  if (after === undefined && key !== 'properties') return [];
  if (isDeepStrictEqual(before, after)) return [];
  const says = (what: string) => [`${at(place)} ${what}`];
  if (key === 'type') return hasMoreTypes(before, after) ? [] : says('takes fewer types');
  if (key === 'required') {
    const added = textsOf(after).filter((name) => !textsOf(before).includes(name));
    return added.map((name) => `${at(`${place}/${name}`)} is required`);
  }
  if (key === 'properties') return stricterProperties(one, other, { place, depth });
  if (key === 'items' || key === 'additionalProperties')
    return stricterPlaces(before ?? true, after, `${place}/${key === 'items' ? '*' : '<other>'}`, depth);
  if (key === 'enum') return isSubset(before, after) ? [] : says('takes fewer values');
  if (LEAST.has(key))
    return isNumber(before) && isNumber(after) && after <= before ? [] : says(`has a stricter ${key}`);
  if (MOST.has(key))
    return isNumber(before) && isNumber(after) && after >= before ? [] : says(`has a stricter ${key}`);
  if (key === '$defs' || key === 'definitions') return says('has other definitions, which are not compared');
  if ((key === 'uniqueItems' || key === 'nullable') && after === (key === 'nullable')) return [];
  return says(`has another ${key}`);
}

function stricterProperties(one: JsonObject, other: JsonObject, { place, depth }: Where): string[] {
  const [before, after] = [objectOf(one.properties) ?? {}, objectOf(other.properties) ?? {}];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => {
    // A property that nobody knew of is an addition: what clients might have sent under its name meant nothing.
    if (!(name in before) && one.additionalProperties === undefined) return [];
    // Else what is not named is judged by the rule for all others, which takes anything where there is none.
    const was = before[name] ?? one.additionalProperties ?? true;
    const is = after[name] ?? other.additionalProperties ?? true;
    if (is === false && was !== false) return [`${at(`${place}/${name}`)} is not taken any more`];
    return stricterPlaces(was, is, `${place}/${name}`, depth);
  });
}

function hasMoreTypes(before: unknown, after: unknown): boolean {
  const wider = new Set(typesOf(after));
  if (wider.has('number')) wider.add('integer');
  const narrower = typesOf(before);
  return narrower.length > 0 && narrower.every((type) => wider.has(type));
}

function typesOf(type: unknown): string[] {
  return typeof type === 'string' ? [type] : textsOf(type);
}

function isSubset(before: unknown, after: unknown): boolean {
  if (!Array.isArray(before) || !Array.isArray(after)) return false;
  return before.every((value) => after.some((other) => isDeepStrictEqual(value, other)));
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function objectOf(value: unknown): JsonObject | undefined {
  if (value === true || value === undefined) return {};
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function at(place: string): string {
  return place === '' ? 'the arguments' : `arguments${place}`;
}
