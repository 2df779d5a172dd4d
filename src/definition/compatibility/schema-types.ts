// The JSON types that a schema admits.
import type { JsonObject } from '../../tool.ts';

const JSON_TYPES = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'] as const;
export type JsonType = (typeof JSON_TYPES)[number];

/** The types that a schema admits: those of `type`, else those of its values, else all. */
export function typesOf(schema: JsonObject): readonly JsonType[] {
  const { type, const: only, enum: values } = schema;
  if (type !== undefined) return [type].flat().filter(isJsonType);
  if (only !== undefined) return [typeOf(only)];
  return Array.isArray(values) ? [...new Set(values.map(typeOf))] : JSON_TYPES;
}

/** Integers are numbers, so keywords of numbers concern both. */
export function familyOf(type: JsonType): Exclude<JsonType, 'integer'> {
  return type === 'integer' ? 'number' : type;
}

/** Whether each of `types` is among `others`; an integer is a number. */
export function isWithin(types: readonly JsonType[], others: readonly JsonType[]): boolean {
  return types.every((type) => others.includes(type) || (type === 'integer' && others.includes('number')));
}

function isJsonType(value: unknown): value is JsonType {
  return JSON_TYPES.some((type) => type === value);
}

function typeOf(value: unknown): JsonType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  if (typeof value === 'string' || typeof value === 'boolean') return typeof value as JsonType;
  return 'object';
}
