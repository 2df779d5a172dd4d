// What the caller's thread and the engine's thread say to each other.

import type { BuildReport } from '../build-report.ts';
import type { FileChanges } from '../file-changes.ts';
import type { IntakeRules } from '../intake/intake-rules.ts';
import type { LineRange, SearchOptions, TextQuery } from '../text-query.ts';

/** Given to the engine's thread at its start. */
export interface EngineSetup {
  readonly directory: string;
  readonly root: string;
  readonly rules: IntakeRules;
  readonly threads: number;
}

/** Something the engine can do; each is answered once. */
export type EngineCall =
  | { readonly kind: 'claim' }
  | { readonly kind: 'build'; readonly follow: boolean }
  | { readonly kind: 'update'; readonly changes: FileChanges }
  | { readonly kind: 'search'; readonly query: TextQuery; readonly options: Omit<SearchOptions, 'signal'> }
  | { readonly kind: 'read'; readonly path: string }
  | { readonly kind: 'excerpts'; readonly wanted: readonly LineRange[] }
  | { readonly kind: 'files' }
  | { readonly kind: 'stats' }
  | { readonly kind: 'verify' }
  | { readonly kind: 'close' };

/** A call with the number that its answer repeats, or the wish to end the call of that number. */
export type EngineRequest = { readonly id: number; readonly call: EngineCall } | { readonly abort: number };

/** The answer to one call. */
export type EngineAnswer =
  | { readonly id: number; readonly value: unknown }
  | {
      readonly id: number;
      readonly error: {
        readonly code: string | undefined;
        readonly message: string;
        readonly position: number | undefined;
      };
    };

/** What the engine tells without being asked, while it watches the tree. */
export type EngineNews =
  /** The index was brought up to date after a change, and this is what was done. */
  | { readonly news: 'updated'; readonly report: BuildReport }
  /** The tree, or a change of it, could not be followed; `isOver`: no further change will be. */
  | { readonly news: 'failed'; readonly message: string; readonly isOver: boolean };
