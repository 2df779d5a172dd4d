// Schemas of an API description as JSON Schema 2020-12 without references. What cannot be said is left out, so a
// schema here never refuses what the API takes, and everything left out is named.

import { patternProblem } from '../rules/pattern.ts';
import type { Documents, Place } from './documents.ts';
import { isRecord, type JsonRecord, memberOf } from './json-value.ts';
import type { ApiVersion } from './operation.ts';
import { cut, NOTE_MAX, readNotes } from './schema-notes.ts';

/** Objects within objects; deeper ones are beyond what a model fills in. */
const DEPTH_MAX = 10;
/** Schemas in one tool; a list of tools with larger ones would fill a model's context. */
const SCHEMAS_MAX = 600;
/** Values of one enumeration. */
const ENUM_MAX = 300;

export interface SchemaReader {
  /** `changed` is told, in words, of everything that is left out. */
  read(place: Place): JsonRecord;
}

/** One reader per tool: its bounds count over all its schemas. */
export function createSchemaReader(options: {
  readonly documents: Documents;
  readonly version: ApiVersion;
  readonly changed: (message: string) => void;
}): SchemaReader {
  const budget = { left: SCHEMAS_MAX };
  return { read: (place) => readSchema(place, { ...options, budget, depth: 0, path: [] }) };
}

interface Reading {
  readonly documents: Documents;
  readonly version: ApiVersion;
  readonly changed: (message: string) => void;
  readonly budget: { left: number };
  readonly depth: number;
  /** References that lead here. */
  readonly path: readonly string[];
}

function readSchema(place: Place, reading: Reading): JsonRecord {
  // `true` and `false` of 3.1: anything, and nothing.
  if (typeof place.value === 'boolean') return place.value ? {} : { not: {} };
  if (!isRecord(place.value)) return {};
  const { budget, changed } = reading;
  if (reading.depth > DEPTH_MAX || --budget.left < 0) {
    changed(`schemas deeper than ${DEPTH_MAX} levels, or more than ${SCHEMAS_MAX}, admit anything`);
    return typed(place.value);
  }
  const reference = memberOf(place.value, '$ref');
  return typeof reference === 'string' ? readReference(reference, place, reading) : readOwn(place, reading);
}

function readReference(reference: string, place: Place, reading: Reading): JsonRecord {
  const { documents, changed, path, version } = reading;
  const target = documents.absolute(reference, place);
  const found = documents.resolve(place);
  if (found === undefined) {
    changed(`the reference ${reference} cannot be read; its place admits anything`);
    return {};
  }
  if (path.includes(target)) {
    changed(`the recursive schema ${nameOf(reference)} admits anything where it holds itself`);
    return { ...typed(found.value), description: `Another ${nameOf(reference)}.` };
  }
  const base = readSchema(found, { ...reading, path: [...path, target] });
  const { $ref: _, ...siblings } = isRecord(place.value) ? place.value : {};
  // Before 3.1 a reference hid whatever stood beside it.
  if (version !== '3.1' || Object.keys(siblings).length === 0) return base;
  const own = readOwn({ uri: place.uri, value: siblings }, reading);
  const clashes = Object.keys(own).some((key) => Object.hasOwn(base, key) && !ANNOTATIONS.has(key));
  return clashes ? { allOf: [base, own] } : { ...base, ...own };
}

const ANNOTATIONS: ReadonlySet<string> = new Set(['title', 'description', 'deprecated', 'examples']);

/** What is left of a schema that is not followed. */
function typed(schema: unknown): JsonRecord {
  const type = memberOf(schema, 'type');
  return typeof type === 'string' && TYPES.has(type) ? { type } : {};
}

function nameOf(reference: string): string {
  return reference.slice(Math.max(reference.lastIndexOf('/'), reference.lastIndexOf('#')) + 1);
}

const TYPES: ReadonlySet<string> = new Set([
  'string',
  'number',
  'integer',
  'boolean',
  'object',
  'array',
  'null',
]);

/** How each keyword is taken over; those that are in neither table are named as left out. */
type Taker = (value: unknown, place: Place, reading: Reading) => unknown;

const one: Taker = (value, { uri }, reading) =>
  readSchema({ uri, value }, { ...reading, depth: reading.depth + 1 });
const many: Taker = (value, place, reading) =>
  Array.isArray(value) && value.length > 0 ? value.map((item) => one(item, place, reading)) : undefined;
const named: Taker = (value, place, reading) =>
  isRecord(value)
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, one(item, place, reading)]))
    : undefined;
const oneOrBoolean: Taker = (value, place, reading) =>
  typeof value === 'boolean' ? value : one(value, place, reading);
const count: Taker = (value) => (Number.isInteger(value) && Number(value) >= 0 ? value : undefined);
const numeric: Taker = (value) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined);

const TAKERS: Readonly<Record<string, Taker>> = {
  title: (value) => (typeof value === 'string' ? cut(value, NOTE_MAX) : undefined),
  multipleOf: (value) => (typeof value === 'number' && value > 0 ? value : undefined),
  maximum: numeric,
  minimum: numeric,
  exclusiveMaximum: numeric,
  exclusiveMinimum: numeric,
  maxLength: count,
  minLength: count,
  maxItems: count,
  minItems: count,
  maxProperties: count,
  minProperties: count,
  minContains: count,
  uniqueItems: (value) => (typeof value === 'boolean' ? value : undefined),
  deprecated: (value) => (value === true ? true : undefined),
  const: (value) => value,
  enum: readEnum,
  pattern: readPattern,
  properties: readProperties,
  items: (value, place, reading) => (Array.isArray(value) ? undefined : oneOrBoolean(value, place, reading)),
  prefixItems: many,
  additionalProperties: oneOrBoolean,
  propertyNames: one,
  contains: one,
  allOf: many,
  not: readNot,
  dependentRequired: (value) => (isRecord(value) ? value : undefined),
  dependentSchemas: named,
};

/** Taken over in another form, or without meaning for what a caller sends. */
const HANDLED: ReadonlySet<string> = new Set([
  ...['type', 'required', 'nullable', 'description', 'default', 'format', 'example', 'examples'],
  ...[
    'oneOf',
    'anyOf',
    'readOnly',
    'writeOnly',
    'xml',
    'externalDocs',
    '$schema',
    '$id',
    '$comment',
    '$defs',
    'definitions',
  ],
  ...['contentMediaType', 'contentEncoding', '$anchor'],
]);

function readOwn(place: Place, reading: Reading): JsonRecord {
  const given = withNumericBounds(isRecord(place.value) ? place.value : {});
  const schema: Record<string, unknown> = { ...readType(given, reading) };
  for (const [keyword, value] of Object.entries(given)) {
    if (HANDLED.has(keyword) || keyword.startsWith('x-')) continue;
    const take = TAKERS[keyword];
    const taken = take?.(value, { uri: place.uri, value: given }, reading);
    if (taken === undefined) tellLoss(keyword, value, take !== undefined, reading);
    else schema[keyword] = taken;
  }
  Object.assign(
    schema,
    readAlternatives(given, place, reading),
    readRequired(given, place, reading),
    readNotes(given, reading.changed),
  );
  return memberOf(given, 'nullable') === true ? nullable(schema) : schema;
}

function tellLoss(keyword: string, value: unknown, isKnown: boolean, { changed }: Reading): void {
  // Patterns, enumerations and `not` have said it themselves; absent and empty values lose nothing.
  if (keyword === 'pattern' || keyword === 'enum' || keyword === 'not' || value === false) return;
  if (Array.isArray(value) && value.length === 0) return;
  changed(
    isKnown
      ? `the value of '${keyword}' in a schema is not understood`
      : `'${keyword}' in a schema is left out`,
  );
}

/** 2.0 and 3.0 have `exclusiveMinimum: true` beside the bound; 2020-12 has the bound itself. */
function withNumericBounds(schema: JsonRecord): JsonRecord {
  const given: Record<string, unknown> = { ...schema };
  for (const [exclusive, bound] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (typeof given[exclusive] !== 'boolean') continue;
    const isExclusive = given[exclusive];
    delete given[exclusive];
    if (!isExclusive || typeof given[bound] !== 'number') continue;
    given[exclusive] = given[bound];
    delete given[bound];
  }
  return given;
}

function readType(given: JsonRecord, { changed }: Reading): JsonRecord {
  const { type } = given;
  if (type === undefined) return memberOf(given, 'properties') === undefined ? {} : { type: 'object' };
  // Told as base64 by whoever writes the body.
  if (type === 'file') return { type: 'string' };
  const types: readonly unknown[] = Array.isArray(type) ? type : [type];
  const known = types.filter((name) => typeof name === 'string' && TYPES.has(name));
  if (known.length === types.length && known.length > 0) return { type };
  changed(`the type ${JSON.stringify(type)} is not one of JSON Schema; its place admits anything`);
  return {};
}

function nullable(schema: Record<string, unknown>): JsonRecord {
  const { type } = schema;
  if (typeof type !== 'string') return { anyOf: [schema, { type: 'null' }] };
  const values: unknown = schema.enum;
  return {
    ...schema,
    type: [type, 'null'],
    ...(Array.isArray(values) && !values.includes(null) ? { enum: [...values, null] } : {}),
  };
}

/** `oneOf` as `anyOf`: of alternatives that were loosened, more than one may fit where the API sees one. */
function readAlternatives({ oneOf, anyOf }: JsonRecord, place: Place, reading: Reading): JsonRecord {
  const exclusive = many(oneOf, place, reading);
  const inclusive = many(anyOf, place, reading);
  if (exclusive !== undefined) reading.changed("'oneOf' is checked as 'anyOf'");
  if (exclusive !== undefined && inclusive !== undefined) {
    reading.changed("an 'anyOf' beside a 'oneOf' is left out");
  }
  const alternatives = exclusive ?? inclusive;
  return alternatives === undefined ? {} : { anyOf: alternatives };
}

function readEnum(value: unknown, _: Place, { changed }: Reading): unknown {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  if (value.length <= ENUM_MAX) return [...new Set(value)];
  changed(`an enumeration of more than ${ENUM_MAX} values is left out`);
  return undefined;
}

function readPattern(value: unknown, _: Place, { changed }: Reading): unknown {
  const problem = typeof value === 'string' ? patternProblem(value) : 'It is no text.';
  if (problem === undefined) return value;
  changed('a pattern that needs look-around, back-references or another syntax is left out');
  return undefined;
}

/** A schema that was loosened inside `not` would refuse more than the API does. */
function readNot(value: unknown, { uri }: Place, reading: Reading): unknown {
  let isExact = true;
  const schema = readSchema(
    { uri, value },
    { ...reading, depth: reading.depth + 1, changed: () => (isExact = false) },
  );
  if (isExact) return schema;
  reading.changed("a 'not' whose schema cannot be carried over exactly is left out");
  return undefined;
}

/** What only the API itself sets is not asked for (OpenAPI, readOnly). */
function readProperties(value: unknown, { uri }: Place, reading: Reading): unknown {
  if (!isRecord(value)) return undefined;
  const deeper = { ...reading, depth: reading.depth + 1 };
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, schema]) => !isReadOnly({ uri, value: schema }, reading))
      .map(([name, schema]) => [name, readSchema({ uri, value: schema }, deeper)]),
  );
}

function isReadOnly(place: Place, { documents }: Reading): boolean {
  if (memberOf(place.value, 'readOnly') === true) return true;
  return memberOf(documents.resolve(place)?.value, 'readOnly') === true;
}

function readRequired(given: JsonRecord, { uri }: Place, reading: Reading): JsonRecord {
  const names: readonly unknown[] = Array.isArray(given.required) ? given.required : [];
  const properties = memberOf(given, 'properties');
  const required = new Set(
    names.filter((name): name is string => {
      if (typeof name !== 'string') return false;
      return !isReadOnly({ uri, value: memberOf(properties, name) }, reading);
    }),
  );
  return required.size === 0 ? {} : { required: [...required] };
}
