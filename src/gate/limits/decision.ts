// What a limiter decides about one call.
import type { Bucket } from './bucket.ts';

/** Every bucket was taken. */
export class Admission {
  readonly admitted = true;
  /** The bucket with the least left; undefined where nothing was counted. */
  readonly tightest: Bucket | undefined;
  /** What is left of it, and when it is empty again. */
  readonly left: number;
  readonly resetMs: number;
  /** Buckets that reached 80 % of their limit, for the first time in their window. */
  readonly warned: readonly Bucket[];
  /** Buckets that are used beyond their limit, which `strict: false` admits. */
  readonly excess: readonly Bucket[];

  constructor(
    tightest: Bucket | undefined,
    left: number,
    resetMs: number,
    warned: readonly Bucket[],
    excess: readonly Bucket[],
  ) {
    this.tightest = tightest;
    this.left = left;
    this.resetMs = resetMs;
    this.warned = warned;
    this.excess = excess;
  }
}

/** No bucket was taken, because at least one has nothing left. */
export class Refusal {
  readonly admitted = false;
  /** Of those that refuse, the one with the longest wait: the call passes when all have room. */
  readonly by: Bucket;
  readonly used: number;
  readonly waitMs: number;
  readonly resetMs: number;

  constructor(by: Bucket, used: number, waitMs: number, resetMs: number) {
    this.by = by;
    this.used = used;
    this.waitMs = waitMs;
    this.resetMs = resetMs;
  }
}

export type Decision = Admission | Refusal;
/** `unavailable`: shared counters are lost, and `onBackendError` closes. */
export type LimitDecision = Decision | 'unavailable';

const NONE: readonly Bucket[] = [];

/** Where no limit applies, or none is counted. */
export const UNCOUNTED = new Admission(undefined, 0, 0, NONE, NONE);
