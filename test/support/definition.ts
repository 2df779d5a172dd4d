// Definitions in canonical form for tests of parts that come after loading.
import { Definition } from '../../src/definition/schema/definition.ts';
import type { Shape } from '../../src/definition/schema/vocabulary.ts';

type Overrides = { readonly [key: string]: unknown };

/** A canonical definition with all defaults; nested objects of `overrides` are merged. */
export function testDefinition(overrides: Overrides = {}): Definition {
  const named = { name: 'test', version: '1.0.0', slug: 'test' };
  return parseDefinition(withFallbacks(Definition, merge(named, overrides)));
}

/** Fills in the fallback of every absent key, also inside objects that are absent themselves. */
function withFallbacks(shape: Shape, value: unknown): unknown {
  if (value === undefined && shape.fallback !== undefined) return withFallbacks(shape, shape.fallback);
  if (shape.kind === 'array' && Array.isArray(value))
    return value.map((item) => withFallbacks(shape.items, item));
  if (shape.kind === 'variants' && isObject(value)) {
    const variant = shape.variants[String(value.type)];
    return variant === undefined ? value : { type: value.type, ...Object(withFallbacks(variant, value)) };
  }
  if (shape.kind !== 'object' || (value !== undefined && !isObject(value))) return value;
  if (value === undefined && shape.optional === true) return undefined;
  const filled: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(shape.members)) {
    const own = withFallbacks(member, value?.[key]);
    if (own !== undefined) filled[key] = own;
  }
  return filled;
}

function merge(base: Overrides, overrides: Overrides): Overrides {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(overrides)) {
    const before = merged[key];
    merged[key] = isObject(before) && isObject(value) ? merge(before, value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is Overrides {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseDefinition(value: unknown): Definition {
  return value as Definition;
}
