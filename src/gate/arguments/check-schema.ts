// Judges a schema when a definition is loaded, without compiling it: 2,000 tools must not cost 2,000 compilations.
import { HandlerError } from '../../errors.ts';
import type { JsonObject } from '../../tool.ts';
import { compilePattern } from './pattern/linear-pattern.ts';
import { isSchemaObject, resolvePointer } from './schema-reference.ts';

/** One mistake in a schema. */
export interface SchemaProblem {
  /** JSON Pointer (RFC 6901) into the schema. */
  readonly pointer: string;
  readonly message: string;
}

/** Deeper schemas are refused by the loader already (spec servers §1); this bounds the walk itself. */
const DEPTH_MAX = 64;
/** Mistakes named in one message; the loader names all of them with their lines. */
const PROBLEMS_SHOWN = 5;

export const SCHEMA_TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'] as const;

type Check = (value: unknown, place: Place) => void;

interface Place {
  readonly pointer: string;
  readonly depth: number;
  readonly root: unknown;
  readonly problems: SchemaProblem[];
}

/** All mistakes of a JSON Schema 2020-12; none when it can be compiled. Remote `$ref` is a mistake. */
export function checkSchema(schema: unknown): SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  checkSubschema(schema, { pointer: '', depth: 0, root: schema, problems });
  return problems;
}

/** The same for the arguments of a tool, which are always an object. */
export function checkInputSchema(schema: JsonObject): SchemaProblem[] {
  const problems = checkSchema(schema);
  if (schema.type !== undefined && schema.type !== 'object') {
    problems.push({ pointer: '/type', message: 'the arguments of a tool are an object: write type: object' });
  }
  return problems;
}

/** Throws HandlerError HANDLER_CONFIG_ERROR with the mistakes; `name` says which schema it is. */
export function assertSchema(name: string, problems: readonly SchemaProblem[]): void {
  if (problems.length === 0) return;
  const shown = problems
    .slice(0, PROBLEMS_SHOWN)
    .map(({ pointer, message }) => `${name}${pointer} ${message}`);
  throw new HandlerError('HANDLER_CONFIG_ERROR', `${shown.join('; ')}.`);
}

const keywords: Readonly<Record<string, Check>> = {
  $ref: checkReference,
  $dynamicRef: checkReference,
  $id: checkText,
  $anchor: checkText,
  type: checkType,
  enum: (value, place) => {
    if (!Array.isArray(value) || value.length === 0) report(place, 'must be a list with at least one value');
  },
  minimum: checkNumber,
  maximum: checkNumber,
  exclusiveMinimum: checkNumber,
  exclusiveMaximum: checkNumber,
  multipleOf: (value, place) => {
    if (typeof value !== 'number' || !(value > 0)) report(place, 'must be a number above 0');
  },
  minLength: checkCount,
  maxLength: checkCount,
  minItems: checkCount,
  maxItems: checkCount,
  minContains: checkCount,
  maxContains: checkCount,
  minProperties: checkCount,
  maxProperties: checkCount,
  uniqueItems: (value, place) => {
    if (typeof value !== 'boolean') report(place, 'must be true or false');
  },
  pattern: checkPattern,
  format: checkText,
  required: checkNames,
  dependentRequired: (value, place) => checkMap(value, place, checkNames),
  properties: (value, place) => checkMap(value, place, checkSubschema),
  $defs: (value, place) => checkMap(value, place, checkSubschema),
  definitions: (value, place) => checkMap(value, place, checkSubschema),
  dependentSchemas: (value, place) => checkMap(value, place, checkSubschema),
  patternProperties: (value, place) => {
    checkMap(value, place, checkSubschema);
    if (isSchemaObject(value)) for (const name of Object.keys(value)) checkPattern(name, below(place, name));
  },
  items: (value, place) => {
    if (Array.isArray(value)) report(place, 'must be one schema; a list of schemas is written prefixItems');
    else checkSubschema(value, place);
  },
  prefixItems: checkSchemas,
  oneOf: checkSchemas,
  anyOf: checkSchemas,
  allOf: checkSchemas,
  additionalProperties: checkSubschema,
  unevaluatedProperties: checkSubschema,
  unevaluatedItems: checkSubschema,
  propertyNames: checkSubschema,
  contains: checkSubschema,
  not: checkSubschema,
  if: checkSubschema,
  // biome-ignore lint/suspicious/noThenProperty: `then` is a keyword of JSON Schema.
  then: checkSubschema,
  else: checkSubschema,
};

function checkSubschema(value: unknown, place: Place): void {
  if (typeof value === 'boolean') return;
  if (!isSchemaObject(value)) {
    report(place, 'must be a schema: an object, true or false');
    return;
  }
  if (place.depth > DEPTH_MAX) {
    report(place, `nests deeper than ${DEPTH_MAX}`);
    return;
  }
  for (const [keyword, member] of Object.entries(value)) {
    if (Object.hasOwn(keywords, keyword)) keywords[keyword]?.(member, below(place, keyword));
  }
}

function checkSchemas(value: unknown, place: Place): void {
  if (!Array.isArray(value) || value.length === 0) {
    report(place, 'must be a list with at least one schema');
    return;
  }
  for (const [index, item] of value.entries()) checkSubschema(item, below(place, String(index)));
}

function checkMap(value: unknown, place: Place, check: Check): void {
  if (!isSchemaObject(value)) {
    report(place, 'must be an object');
    return;
  }
  for (const [name, member] of Object.entries(value)) check(member, below(place, name));
}

function checkType(value: unknown, place: Place): void {
  const types: readonly unknown[] = Array.isArray(value) ? value : [value];
  const known: readonly unknown[] = SCHEMA_TYPES;
  if (types.length === 0 || !types.every((type) => known.includes(type))) {
    report(place, `must be one of ${SCHEMA_TYPES.join(', ')}, or a list of them`);
  }
}

function checkNames(value: unknown, place: Place): void {
  if (!Array.isArray(value) || !value.every((name) => typeof name === 'string')) {
    report(place, 'must be a list of property names');
  }
}

function checkNumber(value: unknown, place: Place): void {
  if (typeof value !== 'number') report(place, 'must be a number');
}

function checkCount(value: unknown, place: Place): void {
  if (!Number.isInteger(value) || Number(value) < 0) report(place, 'must be a whole number from 0');
}

function checkText(value: unknown, place: Place): void {
  if (typeof value !== 'string') report(place, 'must be a string');
}

function checkPattern(value: unknown, place: Place): void {
  if (typeof value !== 'string') {
    report(place, 'must be a string');
    return;
  }
  try {
    compilePattern(value);
  } catch (error) {
    report(place, `is no usable pattern: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function checkReference(value: unknown, place: Place): void {
  if (typeof value !== 'string') {
    report(place, 'must be a string');
    return;
  }
  if (!value.startsWith('#')) {
    report(place, `refers to ${value}; only references inside the schema work, such as #/$defs/name`);
    return;
  }
  if (resolvePointer(place.root, value) === undefined) report(place, `${value} is not in the schema`);
}

function report(place: Place, message: string): void {
  place.problems.push({ pointer: place.pointer, message });
}

function below(place: Place, name: string): Place {
  const escaped = name.replaceAll('~', '~0').replaceAll('/', '~1');
  return { ...place, pointer: `${place.pointer}/${escaped}`, depth: place.depth + 1 };
}
