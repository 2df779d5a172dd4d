// The state of one attempt to build an example.
import type { JsonObject } from '../../../tool.ts';

/** Nothing could be made. Undefined is no JSON value, but null is. */
export const NONE: unique symbol = Symbol('none');

export interface ExampleSearch {
  readonly root: JsonObject;
  readonly depthMax: number;
  /** One value of a schema, or NONE. */
  readonly make: (schema: unknown, position: Position) => unknown;
  /** Values that may still be made in this candidate. */
  values: number;
  /** Which of several possibilities is taken, by place and kind; 0 where nothing is set. */
  readonly picks: ReadonlyMap<string, number>;
  /** How many possibilities there were, by the same key; filled while the candidate is made. */
  readonly choices: Map<string, number>;
}

export interface Position {
  readonly search: ExampleSearch;
  /** JSON Pointer of the value being made. */
  readonly path: string;
  /** Distinguishes the items of one array. */
  readonly turn: number;
  readonly depth: number;
}
