// Defaults for absent properties, filled into a copy: what the client sent is never changed (spec servers §5).

import type { JsonObject } from '../../tool.ts';
import { isSchemaObject } from './schema-reference.ts';

/** Copies as much of the arguments as filling will touch. */
export type CopyArguments = (args: JsonObject) => JsonObject;

/** Undefined where the schema has no default, so that nothing needs to be copied. */
export function prepareCopy(schema: JsonObject): CopyArguments | undefined {
  if (!hasDefault(schema, 0)) return undefined;
  const { properties, ...rest } = schema;
  const members = isSchemaObject(properties) ? Object.values(properties) : [];
  const isFlat = !hasDefault(rest, 1) && members.every((member) => !hasDefault(member, 1));
  // Spreading keeps an own `__proto__` an own property.
  return isFlat ? (args) => ({ ...args }) : (args) => Object.fromEntries(copyEntries(args));
}

/** Bounds the look at recursive structures; schemas are trees of at most 32 levels (spec servers §1). */
const DEPTH_MAX = 64;

/** Whether a default stands below `schema`; at level 1 and deeper its own one is that of its parent's property. */
function hasDefault(schema: unknown, level: number): boolean {
  if (typeof schema !== 'object' || schema === null || level > DEPTH_MAX) return false;
  if (level !== 1 && isSchemaObject(schema) && 'default' in schema) return true;
  return Object.entries(schema).some(
    ([keyword, member]) => !(level === 1 && keyword === 'default') && hasDefault(member, level + 1),
  );
}

function copyEntries(value: JsonObject): [string, unknown][] {
  return Object.entries(value).map(([name, member]) => [name, copyValue(member)]);
}

/** Depth was checked against `maxArgsDepth` before. */
function copyValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyValue);
  return isSchemaObject(value) ? Object.fromEntries(copyEntries(value)) : value;
}
