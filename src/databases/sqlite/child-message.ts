// What travels between the process and the children that run SQLite statements. JSON on both ways.
import type { DatabaseErrorKind, QueryResult } from '../database.ts';

export interface ChildRequest {
  readonly id: number;
  readonly path: string;
  /** With `?` placeholders. */
  readonly text: string;
  readonly bindings: readonly string[];
  /** Only the values that `bindings` names. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly maxRows: number;
  readonly maxBytes: number;
  readonly busyTimeoutMs: number;
}

export type ChildAnswer =
  | { readonly id: number; readonly result: QueryResult }
  /** `detail` is what the engine said; for the log only. */
  | {
      readonly id: number;
      readonly error: { readonly kind: DatabaseErrorKind; readonly message: string; readonly detail: string };
    };
