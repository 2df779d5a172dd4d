// What a variable of the environment is, for the tables of them.
import type { Reader } from './environment-readers.ts';

export interface Variable<Value = unknown> {
  /** The first that is set counts; the others are aliases. */
  readonly names: readonly [string, ...string[]];
  readonly doc: string;
  /** As the reference shows it. */
  readonly fallback?: string;
  readonly example?: string;
  readonly secret?: boolean;
  readonly reader: Reader<Value>;
}

/** One row of a table. */
export function variable<Value>(
  names: readonly [string, ...string[]],
  reader: Reader<Value>,
  doc: string,
  more: { readonly fallback?: string; readonly example?: string; readonly secret?: boolean } = {},
): Variable<Value> {
  return { names, reader, doc, ...more };
}
