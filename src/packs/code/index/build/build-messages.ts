// What the engine's thread and the building threads say to each other.

import type { IntakeRules } from '../intake/intake-rules.ts';
import type { SegmentRecord } from '../segment/segment-writer.ts';
import type { FileRecord } from '../store/file-record.ts';

/** Given to a building thread at its start. */
export interface BuilderSetup {
  readonly directory: string;
  readonly root: string;
  readonly rules: IntakeRules;
  /** Prefix of every file the thread writes. */
  readonly prefix: string;
}

/** Requests to a building thread. */
export type BuilderRequest =
  | { readonly kind: 'scan'; readonly everything: boolean }
  | { readonly kind: 'index'; readonly paths: readonly string[] }
  | { readonly kind: 'finish' }
  | { readonly kind: 'merge'; readonly segments: readonly string[] };

/** Answers of a building thread, in the order of the requests; a scan answers many times. */
export type BuilderAnswer =
  | { readonly kind: 'stale'; readonly paths: readonly string[] }
  | { readonly kind: 'scanned'; readonly removed: readonly string[]; readonly unchanged: number }
  | { readonly kind: 'indexed'; readonly result: IndexedBatch }
  | { readonly kind: 'segments'; readonly segments: readonly SegmentRecord[] }
  | { readonly kind: 'failed'; readonly code: string | undefined; readonly message: string };

/** What became of a batch of paths. */
export interface IndexedBatch {
  readonly records: readonly FileRecord[];
  /** Paths that turned out to be gone. */
  readonly missing: readonly string[];
  /** Files whose content was new to the index and was parsed. */
  readonly parsed: number;
  readonly bytes: number;
}
