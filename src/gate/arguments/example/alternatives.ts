// Unfolds references and combinators of a schema into plain schemas, any one of which an example may follow.
import type { JsonObject } from '../../../tool.ts';
import { isSchemaObject, resolvePointer } from '../schema-reference.ts';
import { mergeSchemas } from './merge-schemas.ts';

/** Combinations looked at; more branches multiply, and an example needs one. */
const ALTERNATIVES_MAX = 32;
/** References and combinators inside one another. */
const UNFOLD_DEPTH_MAX = 16;

/** Plain schemas in the order of the branches; none where nothing can fit. `true` is the empty schema. */
export function unfold(schema: unknown, root: JsonObject, depth = 0): readonly JsonObject[] {
  if (schema === true || schema === undefined) return [{}];
  if (!isSchemaObject(schema) || depth > UNFOLD_DEPTH_MAX) return [];
  const {
    $ref,
    $dynamicRef,
    allOf,
    anyOf,
    oneOf,
    if: condition,
    then: consequence,
    else: otherwise,
    ...plain
  } = schema;
  let found: readonly JsonObject[] = [plain];
  for (const reference of [$ref, $dynamicRef]) {
    if (typeof reference !== 'string') continue;
    found = cross(found, unfold(resolvePointer(root, reference), root, depth + 1));
  }
  for (const part of list(allOf)) found = cross(found, unfold(part, root, depth + 1));
  for (const options of [anyOf, oneOf]) {
    if (!Array.isArray(options)) continue;
    found = cross(
      found,
      options.flatMap((option) => unfold(option, root, depth + 1)),
    );
  }
  if (condition !== undefined) {
    const met = unfold({ allOf: [condition, consequence ?? true] }, root, depth + 1);
    const unmet = unfold(otherwise ?? true, root, depth + 1);
    found = cross(found, [...met, ...unmet]);
  }
  return found;
}

function cross(first: readonly JsonObject[], second: readonly JsonObject[]): JsonObject[] {
  const combined: JsonObject[] = [];
  for (const a of first) {
    for (const b of second) {
      const merged = mergeSchemas(a, b);
      if (merged !== undefined) combined.push(merged);
      if (combined.length >= ALTERNATIVES_MAX) return combined;
    }
  }
  return combined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
