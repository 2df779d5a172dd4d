// Counters in this process: exact on one node, and what a node falls back to when it has lost the others.
import type { LimitBackend } from './backend.ts';
import type { Bucket } from './bucket.ts';
import { Admission, type Decision, Refusal, UNCOUNTED } from './decision.ts';

/** `now` is a monotonic clock in milliseconds. */
export function createMemoryBackend(now: () => number): LimitBackend {
  return {
    name: 'memory',
    answerWithinMs: 0,
    take: (buckets, cost) => takeLocally(buckets, cost, now()),
    probe: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

const NONE: readonly Bucket[] = [];

/** Takes `cost` from every bucket, or from none. */
export function takeLocally(buckets: readonly Bucket[], cost: number, now: number): Decision {
  let tightest: Bucket | undefined;
  let leastLeft = Number.POSITIVE_INFINITY;
  for (const bucket of buckets) {
    const used = bucket.window.used(now);
    if (used + cost > bucket.rule.most) return refuseLocally(buckets, cost, now) ?? UNCOUNTED;
    const left = bucket.rule.limit - used;
    if (left < leastLeft) {
      leastLeft = left;
      tightest = bucket;
    }
  }
  if (tightest === undefined) return UNCOUNTED;
  let warned: Bucket[] | undefined;
  let excess: Bucket[] | undefined;
  for (const bucket of buckets) {
    const { window, rule } = bucket;
    window.take(now, cost);
    const used = window.used(now);
    if (used < rule.warnAt) continue;
    if (now >= bucket.warnedUntil) {
      bucket.warnedUntil = now + window.resetMs(now);
      warned ??= [];
      warned.push(bucket);
    }
    if (used > rule.limit) {
      excess ??= [];
      excess.push(bucket);
    }
  }
  const left = Math.max(0, leastLeft - cost);
  return new Admission(tightest, left, tightest.window.resetMs(now), warned ?? NONE, excess ?? NONE);
}

/** The refusal with the longest wait, or undefined when every bucket has room for `cost`. */
export function refuseLocally(buckets: readonly Bucket[], cost: number, now: number): Refusal | undefined {
  let by: Bucket | undefined;
  let longest = -1;
  for (const bucket of buckets) {
    const { window, rule } = bucket;
    if (window.used(now) + cost <= rule.most) continue;
    const waitMs = window.waitMs(now, rule.most - cost + 1);
    if (waitMs > longest) {
      longest = waitMs;
      by = bucket;
    }
  }
  if (by === undefined) return undefined;
  return new Refusal(by, by.window.used(now), longest, by.window.resetMs(now));
}

/** Notes what another backend has admitted, so that a loss of it gives nobody a fresh allowance. */
export function noteLocally(buckets: readonly Bucket[], cost: number, now: number): void {
  for (const bucket of buckets) bucket.window.take(now, cost);
}
