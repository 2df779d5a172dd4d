// What the caller's thread and the engine's thread say to each other.

import type { BuildProgress, BuildReport } from '../build-report.ts';
import type { FileChanges } from '../file-changes.ts';
import type { IntakeRules } from '../intake/intake-rules.ts';
import type { SegmentRecord } from '../segment/segment-writer.ts';
import type { TreeRecord } from '../store/file-tree.ts';
import type { LineRange, SearchOptions, TextQuery } from '../text-query.ts';

/** Given to the engine's thread at its start. */
export interface EngineSetup {
  readonly directory: string;
  readonly root: string;
  readonly rules: IntakeRules;
  readonly threads: number;
}

/** The files of a state that was made elsewhere, whole and checked; they are moved from their folder. */
export interface AdoptedFiles {
  readonly folder: string;
  readonly segments: readonly SegmentRecord[];
  readonly tree: TreeRecord;
}

/**
 * What an index may begin with. `adopt`: a state of the same rules becomes the current one, and a build brings it to the
 * tree. `seed`: an index without a state links the texts of one on the same disk, under no name yet, so that a build that
 * finds them does not store them again.
 */
export type Beginning = { readonly adopt: AdoptedFiles } | { readonly seed: string };

/** Some of the files: the one at a path, those at and under one, or searchable ones whose path holds what was typed. */
export type FileSelection =
  | { readonly path: string }
  | { readonly under: string }
  | { readonly typed: string; readonly limit: number };

/** Something the engine can do; each is answered once. */
export type EngineCall =
  | { readonly kind: 'claim'; readonly beginning: Beginning | undefined }
  | { readonly kind: 'build'; readonly follow: boolean }
  | { readonly kind: 'update'; readonly changes: FileChanges }
  | { readonly kind: 'search'; readonly query: TextQuery; readonly options: Omit<SearchOptions, 'signal'> }
  | { readonly kind: 'read'; readonly path: string }
  | { readonly kind: 'excerpts'; readonly wanted: readonly LineRange[] }
  | { readonly kind: 'files'; readonly wanted: FileSelection | undefined }
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

/** How far the build is that was asked for. */
export interface EngineProgress {
  readonly progress: BuildProgress;
}

/** What the engine tells without being asked, while it watches the tree. */
export type EngineNews =
  /** The index was brought up to date after a change, and this is what was done. */
  | { readonly news: 'updated'; readonly report: BuildReport }
  /** The tree, or a change of it, could not be followed; `isOver`: no further change will be. */
  | { readonly news: 'failed'; readonly message: string; readonly isOver: boolean };
