// Defaults of absent keys.
import type { Shape } from './schema/vocabulary.ts';
import type { Json } from './source/node.ts';

/** The value of an absent key; undefined where it must be given. */
export function defaultOf(shape: Shape): Json | undefined {
  if (shape.fallback !== undefined) return parseFallback(shape.fallback);
  if (shape.kind !== 'object') return undefined;
  const value: { [key: string]: Json } = {};
  for (const [key, member] of Object.entries(shape.members)) {
    if (member.optional === true) continue;
    const fallback = defaultOf(member);
    if (fallback === undefined) return undefined;
    value[key] = fallback;
  }
  return value;
}

/** Stands for a value that was refused, so that rules need not doubt its type; null where an object is missing keys. */
export function standInFor(shape: Shape): Json {
  const fallback = defaultOf(shape);
  if (fallback !== undefined) return fallback;
  switch (shape.kind) {
    case 'string':
    case 'choice':
      return '';
    case 'integer':
    case 'number':
      return 0;
    case 'boolean':
      return false;
    case 'array':
      return [];
    case 'record':
      return {};
    default:
      return null;
  }
}

/** A copy, so that no definition shares its default with another. */
function parseFallback(fallback: unknown): Json {
  if (Array.isArray(fallback)) return fallback.map(parseFallback);
  if (typeof fallback !== 'object' || fallback === null) return fallback as Json;
  return Object.fromEntries(Object.entries(fallback).map(([key, value]) => [key, parseFallback(value)]));
}
