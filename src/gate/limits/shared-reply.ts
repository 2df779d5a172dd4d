// What a shared backend answers, in whole numbers: the same for all of them, read in one place.
import type { Bucket } from './bucket.ts';
import { Admission, type Decision, Refusal } from './decision.ts';
import { EXACT_TIMESTAMPS_MAX } from './window.ts';

/** How a bucket is counted: fixed window, log of times, or slices. */
export function kindOf({ rule }: Bucket): 'f' | 'l' | 's' {
  if (rule.strategy === 'fixed-window') return 'f';
  return rule.limit <= EXACT_TIMESTAMPS_MAX ? 'l' : 's';
}

/**
 * `[1, tightest, left, reset, warned, excess]` with the last two as bit sets, or `[0, refusing, used, wait, reset]`;
 * buckets are counted from 1, times in milliseconds. Throws on anything else.
 */
export function parseReply(reply: unknown, buckets: readonly Bucket[]): Decision {
  const numbers = Array.isArray(reply) ? reply.map(Number) : [];
  const [admitted, index = 0, count, third, fourth, fifth = 0] = numbers;
  const bucket = buckets[index - 1];
  if (bucket === undefined || count === undefined || third === undefined || fourth === undefined)
    throw new Error('the backend of the limits answered something else');
  if (admitted === 0) return new Refusal(bucket, count, third, fourth);
  return new Admission(bucket, count, third, chosen(buckets, fourth), chosen(buckets, fifth));
}

/** The same the other way round: what {@link parseReply} reads, for a backend that is a process of the product. */
export function toReply(decision: Decision, buckets: readonly Bucket[]): readonly number[] {
  if (!decision.admitted) {
    const { by, used, waitMs, resetMs } = decision;
    return [0, buckets.indexOf(by) + 1, used, waitMs, resetMs];
  }
  const { tightest, left, resetMs, warned, excess } = decision;
  const index = tightest === undefined ? 1 : buckets.indexOf(tightest) + 1;
  return [1, index, left, resetMs, bitsOf(warned, buckets), bitsOf(excess, buckets)];
}

function bitsOf(some: readonly Bucket[], buckets: readonly Bucket[]): number {
  let bits = 0;
  for (const one of some) bits |= 1 << buckets.indexOf(one);
  return bits;
}

const NONE: readonly Bucket[] = [];

function chosen(buckets: readonly Bucket[], bits: number): readonly Bucket[] {
  return bits === 0 ? NONE : buckets.filter((_, index) => (bits & (1 << index)) !== 0);
}
