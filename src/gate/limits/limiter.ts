// The limiter of a process: finds buckets, takes from them, and goes on where a shared backend is lost.
import type { LimitBackend, OnBackendError } from './backend.ts';
import type { Bucket, LimitRule } from './bucket.ts';
import { type BucketTable, createBucketTables } from './bucket-table.ts';
import type { LimitDecision } from './decision.ts';
import { takeLocally } from './memory-backend.ts';
import { type LossReport, SharedLimits } from './shared-limits.ts';

/** Finds buckets and takes from them. */
export interface Limiter {
  /** The buckets of a rule; the same rule finds the same ones, also after a reload. */
  buckets(rule: LimitRule): BucketTable;
  /**
   * Takes `cost` requests (default 1) from each bucket, or from none when any has too little left. A promise only where
   * counters are shared. `unavailable`: they are lost, and `onBackendError` closes.
   */
  take(
    buckets: readonly Bucket[],
    onBackendError: OnBackendError,
    cost?: number,
  ): LimitDecision | Promise<LimitDecision>;
  /** Resolves when shared counters have answered once, or are lost. */
  opened(): Promise<void>;
  /** `memory` where nothing is shared. */
  readonly backend: LimitBackend['name'];
  /** Why counters that should be shared are not, or undefined: for health. */
  problem(): string | undefined;
  /** Buckets that are kept. */
  size(): number;
  close(): Promise<void>;
}

export interface LimiterOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Counts together with other nodes; absent: this process alone. */
  readonly shared?: LimitBackend;
  /** Told when the shared backend is lost and when it is back. */
  readonly report?: LossReport;
}

/** One per process: a reload must not give anybody a fresh allowance. */
export function createLimiter({ now, shared, report }: LimiterOptions): Limiter {
  const tables = createBucketTables(now);
  const common = { buckets: tables.of, size: tables.size };
  if (shared === undefined) {
    return {
      ...common,
      take: (buckets, _onBackendError, cost = 1) => takeLocally(buckets, cost, now()),
      opened: () => Promise.resolve(),
      backend: 'memory',
      problem: () => undefined,
      close: () => Promise.resolve(),
    };
  }
  const limits = new SharedLimits({ backend: shared, now, ...(report === undefined ? {} : { report }) });
  return {
    ...common,
    take: (buckets, onBackendError, cost = 1) => limits.take(buckets, onBackendError, cost),
    opened: () => limits.opened(),
    backend: shared.name,
    problem: () => limits.problem(),
    close: () => limits.close(),
  };
}
