// What the index of one repository is opened with, and what is known of it at one moment.
import type { Clock } from '../../../clock.ts';
import type { Log } from '../../../telemetry/log.ts';
import type { BuildProgress, BuildReport } from '../index/build-report.ts';
import type { IntakeRules } from '../index/intake/intake-rules.ts';
import type { GitHead } from './git-head.ts';
import type { IndexFamily } from './index-family.ts';
import type { IndexRecord, IndexRecords } from './index-record.ts';
import type { RepositoryState } from './readiness.ts';

/** What an index is opened with. */
export interface RepositoryIndexOptions {
  readonly id: string;
  /** Absolute; what it covers. */
  readonly root: string;
  /** Where its files are. */
  readonly directory: string;
  readonly rules: IntakeRules;
  readonly autoIndex: boolean;
  readonly watch: boolean;
  /** Brings the tree to this node where it is missing; rejects with why it cannot. */
  readonly fetch?: () => Promise<void>;
  /** Absent: it has nothing in common with others. */
  readonly family?: IndexFamily;
  readonly records: IndexRecords;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of what was read. */
  readonly onReport?: (report: BuildReport) => void;
}

/** What is known of an index at one moment. */
export interface IndexStatus {
  readonly state: RepositoryState;
  readonly record: IndexRecord | undefined;
  /** As in {@link IndexLook}. */
  readonly wanted: number;
  readonly head: GitHead | undefined;
}

/** How a build is done. */
export interface BuildWish {
  /** Builds the index anew. */
  readonly force?: boolean;
  /** Somebody wants it, so the copies of other nodes come up to date too. */
  readonly asked?: boolean;
  readonly onProgress?: (progress: BuildProgress) => void;
}
