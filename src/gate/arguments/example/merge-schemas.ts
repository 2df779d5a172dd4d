// Conjunction of schemas: one schema that admits (nearly) what all admit, from which an example can be made.
import type { JsonObject } from '../../../tool.ts';
import { isSchemaObject } from '../schema-reference.ts';

/** Patterns of several schemas that a string must all match; only made here. */
export const ALL_PATTERNS = 'x-all-patterns';
/** Schemas of which an array must contain an item each; only made here. */
export const ALL_CONTAINS = 'x-all-contains';

type MergeKeyword = (a: unknown, b: unknown) => unknown;

/** Returned where nothing can satisfy both. */
export const CONFLICT: unique symbol = Symbol('conflict');

/** The conjunction of two schemas without combinators and references; undefined where they exclude each other. */
export function mergeSchemas(first: JsonObject, second: JsonObject): JsonObject | undefined {
  const merged = new Map<string, unknown>(Object.entries(normalise(first)));
  for (const [keyword, value] of Object.entries(normalise(second))) {
    const merge = Object.hasOwn(mergers, keyword) ? mergers[keyword] : undefined;
    const both = merged.has(keyword) && merge !== undefined;
    const result = both
      ? merge(merged.get(keyword), value)
      : merged.has(keyword)
        ? merged.get(keyword)
        : value;
    if (result === CONFLICT) return undefined;
    merged.set(keyword, result);
  }
  return Object.fromEntries(merged);
}

/** `pattern` and `contains` become lists, so that several can hold together. */
function normalise(schema: JsonObject): JsonObject {
  if (!('pattern' in schema) && !('contains' in schema)) return schema;
  const { pattern, contains, ...rest } = schema;
  const patterns = pattern === undefined ? {} : { [ALL_PATTERNS]: [pattern, ...list(rest[ALL_PATTERNS])] };
  const needed = { contains, minContains: rest.minContains ?? 1 };
  const all = contains === undefined ? {} : { [ALL_CONTAINS]: [needed, ...list(rest[ALL_CONTAINS])] };
  return { ...rest, ...patterns, ...all };
}

const largest: MergeKeyword = (a, b) => Math.max(Number(a), Number(b));
const smallest: MergeKeyword = (a, b) => Math.min(Number(a), Number(b));
const union: MergeKeyword = (a, b) => [...new Set([...list(a), ...list(b)])];
const both: MergeKeyword = (a, b) => ({ allOf: [a, b] });
const perName: MergeKeyword = (a, b) => {
  const names = new Map<string, unknown>(isSchemaObject(a) ? Object.entries(a) : []);
  for (const [name, schema] of isSchemaObject(b) ? Object.entries(b) : []) {
    names.set(name, names.has(name) ? both(names.get(name), schema) : schema);
  }
  return Object.fromEntries(names);
};

const mergers: Readonly<Record<string, MergeKeyword>> = {
  type: mergeTypes,
  enum: (a, b) => {
    const texts = new Set(list(b).map((value) => JSON.stringify(value)));
    const common = list(a).filter((value) => texts.has(JSON.stringify(value)));
    return common.length === 0 ? CONFLICT : common;
  },
  const: (a, b) => (JSON.stringify(a) === JSON.stringify(b) ? a : CONFLICT),
  minimum: largest,
  exclusiveMinimum: largest,
  minLength: largest,
  minItems: largest,
  minProperties: largest,
  maximum: smallest,
  exclusiveMaximum: smallest,
  maxLength: smallest,
  maxItems: smallest,
  maxProperties: smallest,
  multipleOf: mergeSteps,
  required: union,
  [ALL_PATTERNS]: union,
  [ALL_CONTAINS]: (a, b) => [...list(a), ...list(b)],
  properties: perName,
  patternProperties: perName,
  dependentSchemas: perName,
  dependentRequired: (a, b) => {
    const names = new Map<string, unknown>(isSchemaObject(a) ? Object.entries(a) : []);
    for (const [name, needed] of isSchemaObject(b) ? Object.entries(b) : []) {
      names.set(name, union(names.get(name), needed));
    }
    return Object.fromEntries(names);
  },
  additionalProperties: both,
  propertyNames: both,
  items: both,
  prefixItems: (a, b) => {
    const [longer, shorter] = list(a).length >= list(b).length ? [list(a), list(b)] : [list(b), list(a)];
    return longer.map((schema, index) => (index < shorter.length ? both(schema, shorter[index]) : schema));
  },
};

export function typesOf(schema: JsonObject): readonly string[] | undefined {
  if (typeof schema.type === 'string') return [schema.type];
  return Array.isArray(schema.type) ? schema.type.map(String) : undefined;
}

function mergeTypes(a: unknown, b: unknown): unknown {
  const first = typesOf({ type: a }) ?? [];
  const second = typesOf({ type: b }) ?? [];
  const common = first.flatMap((type) => {
    if (second.includes(type)) return [type];
    if (type === 'number' && second.includes('integer')) return ['integer'];
    return type === 'integer' && second.includes('number') ? ['integer'] : [];
  });
  return common.length === 0 ? CONFLICT : common;
}

function mergeSteps(a: unknown, b: unknown): unknown {
  const [x, y] = [Number(a), Number(b)];
  if (!Number.isInteger(x) || !Number.isInteger(y)) return Math.max(x, y);
  let [left, right] = [x, y];
  while (right !== 0) [left, right] = [right, left % right];
  return (x / left) * y;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
