// What a job is, and what the code that does a kind of jobs has to say.
import type { Step } from '../store/store.ts';
import type { JsonObject } from '../tool.ts';

/** The states of a job; the last three are final. */
export const JOB_STATUSES = ['waiting', 'running', 'succeeded', 'failed', 'cancelled'] as const;
/** One of {@link JOB_STATUSES}. */
export type JobStatus = (typeof JOB_STATUSES)[number];

/** A job as it is shown. Times in epoch milliseconds. */
export interface Job {
  readonly id: string;
  readonly tenantId: string;
  readonly kind: string;
  readonly status: JobStatus;
  readonly payload: JsonObject;
  /** From 0 to 1. */
  readonly progress: number;
  /** Runs that were begun. */
  readonly attempts: number;
  readonly attemptsMax: number;
  readonly runAt: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly finishedAt: number | null;
  readonly result: JsonObject | null;
  /** Why the last run failed. */
  readonly error: string | null;
}

/** A job to be done. */
export interface NewJob {
  /** A registered kind. */
  readonly kind: string;
  readonly payload: JsonObject;
  /** Epoch milliseconds; default now. */
  readonly runAt?: number;
  /** Larger goes first; default 0. */
  readonly priority?: number;
  /** While a job of this kind and key waits or runs, no second one is made. */
  readonly uniqueKey?: string;
  /** Default: the kind's. */
  readonly attemptsMax?: number;
}

/** What a run gets. */
export interface JobRun {
  readonly id: string;
  readonly tenant: string;
  readonly payload: JsonObject;
  /** 1 for the first. */
  readonly attempt: number;
  /** What the last {@link JobRun.progress} of an earlier run left, or undefined. */
  readonly checkpoint: JsonObject | undefined;
  /** Aborted when the job is cancelled, its lease was lost, or the process must end now. */
  readonly signal: AbortSignal;
  /**
   * Records how far it is, from 0 to 1. `checkpoint` is what a later run starts from, `steps` (of the tenant's scope)
   * take effect in the same write: either all of it is there after a crash or nothing. Rejects when the lease is lost.
   */
  progress(
    done: number,
    more?: { readonly checkpoint?: JsonObject; readonly steps?: readonly Step[] },
  ): Promise<void>;
}

/** What a run ends with. `steps` (of the tenant's scope) take effect together with the end of the job, or not at all. */
export interface JobResult {
  readonly result?: JsonObject;
  readonly steps?: readonly Step[];
}

/** How jobs of one kind are done. */
export interface JobKind {
  /** Such as `idempotency_cleanup`. */
  readonly name: string;
  /** Runs until a job counts as failed; default 5. */
  readonly attemptsMax?: number;
  /** Pause before the next run, given the number of runs so far; default 2 s doubling up to 10 min. */
  readonly backoffMs?: (attempts: number) => number;
  /** May run again after a crash. Whatever it throws is a failed run; a {@link JobFailure} ends the job. */
  run(job: JobRun): Promise<JobResult | undefined>;
}

/** Thrown by a run whose repetition would fail as well: the job fails at once. */
export class JobFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'JobFailure';
  }
}

/** Something that is to be done again and again, once in the whole cluster. */
export interface Schedule {
  /** Unique; also the unique key of its jobs, so that a slow run is never overtaken by the next. */
  readonly name: string;
  readonly kind: string;
  readonly payload?: JsonObject;
  /** The next time after `after`, both in epoch milliseconds. */
  next(after: number): number;
}

/** Every `milliseconds`, on the multiples since 1970, which all replicas agree on. */
export function every(milliseconds: number): (after: number) => number {
  return (after) => (Math.floor(after / milliseconds) + 1) * milliseconds;
}
