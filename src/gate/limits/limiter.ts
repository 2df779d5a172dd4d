// Rate limits in memory: exact on one node. Holds the counters of every scope and takes several at once, all or none.
import { LRUCache } from 'lru-cache';
import type { WindowLimit } from '../../tool.ts';
import { createRateWindow, type RateStrategy, type RateWindow } from './window.ts';

/** The kinds of counters, and the metric label that a decision is counted under. */
export const LIMIT_SCOPES = ['ip', 'server', 'principal', 'tool', 'concurrency'] as const;
export type LimitScope = (typeof LIMIT_SCOPES)[number];

/** One rule bound to one counter, such as "the key ci in server shop". Kept by whoever resolved it. */
export interface Bucket {
  readonly scope: LimitScope;
  readonly limit: number;
  /** What may be used beyond `limit`: 0, or 10 % where `strict: false`. */
  readonly lenience: number;
  readonly windowMs: number;
  /** Prepared `RateLimit-Policy` value (draft-ietf-httpapi-ratelimit-headers). */
  readonly policy: string;
  readonly window: RateWindow;
  /** When the 80 % warning may be raised again; once per window. */
  warnedUntil: number;
}

export interface BucketRule {
  readonly scope: LimitScope;
  /** Identifies the counter within the process, for example `principal:shop:ci`. */
  readonly key: string;
  readonly limit: WindowLimit;
  readonly strategy: RateStrategy;
  readonly strict: boolean;
}

export type Decision =
  | { readonly admitted: true; readonly tightest: Bucket | undefined; readonly warned: readonly Bucket[] }
  | { readonly admitted: false; readonly by: Bucket; readonly waitMs: number };

export interface Limiter {
  /** The counter of a rule; the same rule finds the same counter, also after a reload. */
  bucket(rule: BucketRule): Bucket;
  /** Takes one request from each bucket, or from none when any is exhausted. */
  take(buckets: readonly Bucket[]): Decision;
  readonly size: number;
}

/** About 100 bytes each when idle; the least recently used give way, so a flood of addresses is bounded. */
const BUCKETS_MAX = 100_000;
/** Share of a limit at which callers are warned (governance §6.1). */
const WARNING_SHARE = 0.8;
const LENIENT_SHARE = 0.1;
const NOTHING_WARNED: readonly Bucket[] = [];

/** Creates a limiter. `now` is a monotonic clock in milliseconds. */
export function createLimiter(now: () => number): Limiter {
  // Bounded by size and not by `max`, which would set aside 3 MB for buckets that most servers never have.
  const buckets = new LRUCache<string, Bucket>({ maxSize: BUCKETS_MAX, sizeCalculation: () => 1 });
  return {
    bucket(rule) {
      const key = `${rule.key}:${rule.limit.maxRequests}:${rule.limit.window}:${rule.strategy}:${rule.strict}`;
      let bucket = buckets.get(key);
      if (bucket === undefined) {
        bucket = createBucket(rule);
        buckets.set(key, bucket);
      }
      return bucket;
    },
    take: (wanted) => takeAll(wanted, now()),
    get size() {
      return buckets.size;
    },
  };
}

function createBucket(rule: BucketRule): Bucket {
  const { maxRequests, window } = rule.limit;
  return {
    scope: rule.scope,
    limit: maxRequests,
    lenience: rule.strict ? 0 : Math.floor(maxRequests * LENIENT_SHARE),
    windowMs: window,
    policy: `"${rule.scope}";q=${maxRequests};w=${Math.ceil(window / 1000)}`,
    window: createRateWindow(rule.strategy, window, maxRequests),
    warnedUntil: Number.NEGATIVE_INFINITY,
  };
}

function takeAll(buckets: readonly Bucket[], now: number): Decision {
  let tightest: Bucket | undefined;
  let leastLeft = Number.POSITIVE_INFINITY;
  for (const bucket of buckets) {
    const used = bucket.window.used(now);
    const most = bucket.limit + bucket.lenience;
    if (used >= most) return { admitted: false, by: bucket, waitMs: bucket.window.waitMs(now, most) };
    const left = bucket.limit - used;
    if (left < leastLeft) {
      leastLeft = left;
      tightest = bucket;
    }
  }
  let warned: Bucket[] | undefined;
  for (const bucket of buckets) {
    bucket.window.take(now);
    if (now < bucket.warnedUntil || bucket.window.used(now) < bucket.limit * WARNING_SHARE) continue;
    bucket.warnedUntil = now + bucket.windowMs;
    warned ??= [];
    warned.push(bucket);
  }
  return { admitted: true, tightest, warned: warned ?? NOTHING_WARNED };
}
