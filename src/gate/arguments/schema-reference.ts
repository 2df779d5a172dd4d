// References inside one schema: JSON Pointers and anchors.
import type { JsonObject } from '../../tool.ts';

/** Steps of an anchor search; a schema that large is refused by the loader's depth and size limits. */
const SEARCH_MAX = 100_000;

export function isSchemaObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The subschema that `#`, `#/pointer` or `#anchor` names; undefined where there is none. */
export function resolvePointer(root: unknown, reference: string): JsonObject | boolean | undefined {
  const found =
    reference === '#'
      ? root
      : reference.startsWith('#/')
        ? follow(root, reference)
        : findAnchor(root, reference);
  return isSchemaObject(found) || typeof found === 'boolean' ? found : undefined;
}

function follow(root: unknown, reference: string): unknown {
  let current = root;
  for (const part of reference.slice(2).split('/')) {
    const name = decode(part).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, name)) return undefined;
    current = Object.entries(current).find(([key]) => key === name)?.[1];
  }
  return current;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // Not percent-encoded after all: the name itself holds a percent sign.
    return part;
  }
}

function findAnchor(root: unknown, reference: string): unknown {
  const anchor = reference.slice(1);
  const open: unknown[] = [root];
  for (let steps = 0; open.length > 0 && steps < SEARCH_MAX; steps++) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    if ('$anchor' in value && value.$anchor === anchor) return value;
    if ('$dynamicAnchor' in value && value.$dynamicAnchor === anchor) return value;
    open.push(...Object.values(value));
  }
  return undefined;
}
