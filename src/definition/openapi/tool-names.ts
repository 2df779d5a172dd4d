// Names of imported tools: the same for the same operation, whatever else the description holds or is filtered to.
import { createHash } from 'node:crypto';
import { RESERVED_TOOL_NAMES } from '../schema/tool.ts';
import { LISTED_NAME_LENGTH_MAX } from '../tool-name.ts';
import type { Operation } from './operation.ts';

const HASH_LENGTH = 8;

/**
 * A name per operation: its `operationId`, else method and path, in `[A-Za-z0-9_-]` and at most 64 characters. Among
 * operations that want the same one, the first by path and method has it, and the others end in a hash of theirs.
 */
export function nameTools(operations: readonly Operation[], prefix: string): ReadonlyMap<Operation, string> {
  const names = new Map<Operation, string>();
  const taken = new Set<string>(RESERVED_TOOL_NAMES);
  const sorted = [...operations].sort((a, b) => compare(a.path, b.path) || compare(a.method, b.method));
  for (const operation of sorted) {
    const wanted = prefix + plainName(operation);
    const fits = wanted.length <= LISTED_NAME_LENGTH_MAX && !taken.has(wanted);
    const name = fits ? wanted : withHash(wanted, operation);
    taken.add(name);
    names.set(operation, name);
  }
  return names;
}

/** By code units: an order that no locale changes. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function plainName({ id, method, path }: Operation): string {
  const text = id ?? method.toLowerCase() + path;
  const plain = text.replaceAll(/[^A-Za-z0-9_-]+/g, '_').replaceAll(/^_+|_+$/g, '');
  return plain === '' ? method.toLowerCase() : plain;
}

function withHash(name: string, { label }: Operation): string {
  const hash = createHash('sha256').update(label).digest('hex').slice(0, HASH_LENGTH);
  return `${name.slice(0, LISTED_NAME_LENGTH_MAX - HASH_LENGTH - 1)}_${hash}`;
}
