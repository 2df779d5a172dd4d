// The primary's counters: what all workers of a machine have taken together.
import type { Bucket } from './bucket.ts';
import { type BucketTable, createBucketTables } from './bucket-table.ts';
import { takeLocally } from './memory-backend.ts';
import type { TakeBatch, TakeReplies, TakeRequest } from './primary-messages.ts';
import { toReply } from './shared-reply.ts';

/** Counters outlive the workers: one that takes a dead one's place gives nobody a fresh allowance. */
export interface LimitLedger {
  /** A worker's way to the counters; it numbers its rules itself. Throws for a rule that was never introduced. */
  forWorker(): (batch: unknown) => TakeReplies;
  /** Counters that are kept. */
  size(): number;
}

/** `now` in monotonic milliseconds. */
export function createLimitLedger(now: () => number): LimitLedger {
  const tables = createBucketTables(now);
  return {
    size: tables.size,
    forWorker() {
      const byNumber = new Map<number, BucketTable>();
      return (body) => {
        const { rules = [], takes } = parseBatch(body);
        for (const { rule, is } of rules) byNumber.set(rule, tables.of(is));
        const at = now();
        return takes.map((request) => {
          const buckets = bucketsOf(byNumber, request);
          return toReply(takeLocally(buckets, request[0], at), buckets);
        });
      };
    },
  };
}

function bucketsOf(tables: ReadonlyMap<number, BucketTable>, request: TakeRequest): readonly Bucket[] {
  const buckets: Bucket[] = [];
  for (let at = 1; at < request.length; at += 2) {
    const table = tables.get(Number(request[at]));
    if (table === undefined) throw new Error('a rule that was never introduced');
    buckets.push(table.of(String(request[at + 1])));
  }
  return buckets;
}

/** A worker is the same program. */
function parseBatch(body: unknown): TakeBatch {
  return body as TakeBatch;
}
