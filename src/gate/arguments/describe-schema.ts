// Says in words what a schema admits: for `expected`, for the help on a tool's properties, for alternatives.

import type { JsonObject } from '../../tool.ts';
import { isSchemaObject, resolvePointer } from './schema-reference.ts';

/** Values of an enum that are spelled out; the help shows where the rest is. */
const VALUES_SHOWN = 20;
/** Characters of one value in a message. */
const VALUE_MAX = 80;
/** References followed before giving up on a name. */
const REFERENCES_MAX = 10;

/** `integer from 1 to 100`, `one of "a", "b"`, `string of at most 5 characters`. */
export function describeSchema(schema: unknown, root: JsonObject): string {
  const target = dereference(schema, root);
  if (!isSchemaObject(target)) return target === false ? 'nothing' : 'any value';
  if ('const' in target) return `exactly ${showValue(target.const)}`;
  if (Array.isArray(target.enum)) return `one of ${showValues(target.enum)}`;
  for (const key of ['oneOf', 'anyOf'] as const) {
    const options = target[key];
    if (Array.isArray(options) && target.type === undefined) return describeOptions(options, root);
  }
  const constraints = [...describeMembers(target), ...describeConstraints(target)];
  return constraints.length === 0 ? typeName(target) : `${typeName(target)} (${constraints.join(', ')})`;
}

/** What tells one object from another: the members it must have, and those with one value. */
function describeMembers(schema: JsonObject): string[] {
  if (!Array.isArray(schema.required) || schema.required.length === 0) return [];
  const names = schema.required.slice(0, VALUES_SHOWN).map((name) => {
    const member = isSchemaObject(schema.properties) ? schema.properties[String(name)] : undefined;
    return isSchemaObject(member) && 'const' in member
      ? `${String(name)} ${showValue(member.const)}`
      : String(name);
  });
  return [`with ${names.join(', ')}`];
}

/** `string or null; or integer from 1`. */
export function describeOptions(options: readonly unknown[], root: JsonObject): string {
  return options
    .slice(0, VALUES_SHOWN)
    .map((option) => describeSchema(option, root))
    .join('; or ');
}

/** `string`, `integer or null`, `array of string`, `any value`. */
export function typeName(schema: JsonObject): string {
  const types = Array.isArray(schema.type)
    ? schema.type.map(String)
    : [typeof schema.type === 'string' ? schema.type : ''];
  if (types.length === 1 && types[0] === '') return impliedType(schema);
  return types.join(' or ');
}

/** The bounds of a schema, one phrase each. */
export function describeConstraints(schema: JsonObject): string[] {
  const phrases: string[] = [];
  for (const [keyword, phrase] of Object.entries(PHRASES)) {
    const value = schema[keyword];
    if (value !== undefined && value !== null) {
      const text = phrase(value);
      if (text !== undefined) phrases.push(text);
    }
  }
  return phrases;
}

const PHRASES: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  enum: (values) => (Array.isArray(values) ? `one of ${showValues(values)}` : undefined),
  const: (value) => `exactly ${showValue(value)}`,
  format: (format) => `format ${String(format)}`,
  pattern: (pattern) => `pattern ${String(pattern).slice(0, VALUE_MAX)}`,
  minimum: (bound) => `at least ${String(bound)}`,
  exclusiveMinimum: (bound) => `greater than ${String(bound)}`,
  maximum: (bound) => `at most ${String(bound)}`,
  exclusiveMaximum: (bound) => `less than ${String(bound)}`,
  multipleOf: (step) => `a multiple of ${String(step)}`,
  minLength: (bound) => `at least ${String(bound)} characters`,
  maxLength: (bound) => `at most ${String(bound)} characters`,
  minItems: (bound) => `at least ${String(bound)} items`,
  maxItems: (bound) => `at most ${String(bound)} items`,
  uniqueItems: (unique) => (unique === true ? 'items all different' : undefined),
  minProperties: (bound) => `at least ${String(bound)} properties`,
  maxProperties: (bound) => `at most ${String(bound)} properties`,
  default: (value) => `default ${showValue(value)}`,
};

/** One value as short JSON. */
export function showValue(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= VALUE_MAX ? text : `${text.slice(0, VALUE_MAX - 1)}…`;
}

export function showValues(values: readonly unknown[]): string {
  const shown = values.slice(0, VALUES_SHOWN).map(showValue).join(', ');
  return values.length > VALUES_SHOWN ? `${shown} and ${values.length - VALUES_SHOWN} more` : shown;
}

/** The schema that a chain of local references ends at. */
export function dereference(schema: unknown, root: JsonObject): unknown {
  let current = schema;
  for (let step = 0; step < REFERENCES_MAX; step++) {
    if (!isSchemaObject(current) || typeof current.$ref !== 'string') return current;
    current = resolvePointer(root, current.$ref);
  }
  return current;
}

function impliedType(schema: JsonObject): string {
  if ('properties' in schema || 'required' in schema) return 'object';
  if ('items' in schema || 'prefixItems' in schema) return 'array';
  return 'any value';
}
