// What a worker asks the primary for, about limits. Short forms: these lines cross between processes with every call.
import type { Bucket, BucketRule, LimitRule } from './bucket.ts';

/** A rule, the first time that a worker names it: `rule` is the number that later takes use. */
export interface RuleIntroduction {
  readonly rule: number;
  readonly is: LimitRule;
}

/** Of one call: its cost, and by pairs the rule's number and whom it counts. */
export type TakeRequest = readonly [cost: number, ...buckets: (number | string)[]];

/** All that one turn of a worker's event loop takes. */
export interface TakeBatch {
  readonly rules?: readonly RuleIntroduction[];
  readonly takes: readonly TakeRequest[];
}

/** One reply for each take, as `parseReply` reads it. */
export type TakeReplies = readonly (readonly number[])[];

/** Numbers the rules of one worker; `introduced` are those that the primary has not heard of. */
export function createTakeBatcher(): {
  toRequest(buckets: readonly Bucket[], cost: number): TakeRequest;
  introductions(): readonly RuleIntroduction[];
} {
  const numbers = new Map<BucketRule, number>();
  let fresh: RuleIntroduction[] = [];
  const numberOf = ({ rule }: Bucket): number => {
    let number = numbers.get(rule);
    if (number === undefined) {
      number = numbers.size + 1;
      numbers.set(rule, number);
      fresh.push({ rule: number, is: rule.rule });
    }
    return number;
  };
  return {
    toRequest: (buckets, cost) => [cost, ...buckets.flatMap((bucket) => [numberOf(bucket), bucket.key])],
    introductions() {
      const introduced = fresh;
      fresh = [];
      return introduced;
    },
  };
}
