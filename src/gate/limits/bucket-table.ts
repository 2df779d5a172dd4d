// The buckets of one rule by whom they count: as many as there are callers, up to a bound.
import { Bucket, BucketRule, type LimitRule } from './bucket.ts';

/**
 * Buckets of one rule that are kept at most; some 30 MB of them. A flood of addresses or tokens must not eat the memory,
 * and this many at once are no ordinary callers of one node.
 */
export const BUCKETS_MAX = 100_000;
/** Looked at for each new bucket: those that are empty go, so that the table holds little more than those in use. */
const SWEPT_PER_BUCKET = 2;
/** Looked at for one that may go when the table is full of buckets in use. */
const CANDIDATES = 16;
/**
 * Of a full table only a bucket goes that has most of its allowance left: to win back a few calls, a caller would have
 * to bring as many other callers as the table holds.
 */
const SPENT_SHARE_MAX = 0.25;
/** Where none may go, newcomers share this many buckets: they limit one another, and nobody starts afresh. */
const SHARED_BUCKETS = 256;

/** The bucket of each caller under one rule. */
export class BucketTable {
  readonly #rule: BucketRule;
  readonly #now: () => number;
  readonly #max: number;
  readonly #buckets = new Map<string, Bucket>();
  readonly #shared = new Map<number, Bucket>();
  /** Where the last sweep stopped; a map's iterator goes on over what was added since. */
  #hand: Iterator<Bucket>;

  constructor(rule: BucketRule, now: () => number, max = BUCKETS_MAX) {
    this.#rule = rule;
    this.#now = now;
    this.#max = max;
    this.#hand = this.#buckets.values();
  }

  get size(): number {
    return this.#buckets.size + this.#shared.size;
  }

  /** The bucket of `key`. May be kept by the caller for as long as its `isKept` says. */
  of(key: string): Bucket {
    return this.#buckets.get(key) ?? this.#add(key);
  }

  #add(key: string): Bucket {
    if (!this.#hasRoom()) return this.#sharedOf(key);
    const bucket = new Bucket(this.#rule, key);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #hasRoom(): boolean {
    const now = this.#now();
    for (let step = 0; step < SWEPT_PER_BUCKET; step++) {
      const bucket = this.#next();
      if (bucket?.window.used(now) === 0) this.#remove(bucket);
    }
    if (this.#buckets.size < this.#max) return true;
    let least: Bucket | undefined;
    let leastSpent = SPENT_SHARE_MAX;
    for (let step = 0; step < CANDIDATES; step++) {
      const bucket = this.#next();
      const spent = bucket === undefined ? 1 : bucket.window.used(now) / bucket.rule.most;
      if (spent >= leastSpent) continue;
      least = bucket;
      leastSpent = spent;
    }
    if (least === undefined) return false;
    this.#remove(least);
    return true;
  }

  #next(): Bucket | undefined {
    const next = this.#hand.next();
    if (next.done !== true) return next.value;
    this.#hand = this.#buckets.values();
    return this.#hand.next().value;
  }

  #remove(bucket: Bucket): void {
    bucket.isKept = false;
    this.#buckets.delete(bucket.key);
  }

  #sharedOf(key: string): Bucket {
    let index = 0;
    for (let at = 0; at < key.length; at++) index = (index * 31 + key.charCodeAt(at)) % SHARED_BUCKETS;
    let bucket = this.#shared.get(index);
    if (bucket === undefined) {
      bucket = new Bucket(this.#rule, `shared:${index}`);
      // Asked for anew each time, so that its callers get buckets of their own as soon as there is room.
      bucket.isKept = false;
      this.#shared.set(index, bucket);
    }
    return bucket;
  }
}

/** The tables of all rules of a process: the same rule finds the same table, also after a reload. */
export function createBucketTables(now: () => number): {
  of(rule: LimitRule): BucketTable;
  size(): number;
} {
  const tables = new Map<string, BucketTable>();
  return {
    of(rule) {
      const prepared = new BucketRule(rule);
      let table = tables.get(prepared.id);
      if (table === undefined) {
        table = new BucketTable(prepared, now);
        tables.set(prepared.id, table);
      }
      return table;
    },
    size: () => [...tables.values()].reduce((sum, table) => sum + table.size, 0),
  };
}
