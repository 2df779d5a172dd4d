// Counters in PostgreSQL, for replicas that share no Redis. The arithmetic is the function's, so that the time is the
// server's and nothing is held between two round trips. While one statement is under way, the calls that come meanwhile
// wait and go together: what they share, such as the counter of a server, is locked and written once for all of them.
import { systemStatement } from '../../store/statement.ts';
import type { Store } from '../../store/store.ts';
import type { LimitBackend } from './backend.ts';
import type { Bucket } from './bucket.ts';
import type { Decision } from './decision.ts';
import { kindOf, parseReply } from './shared-reply.ts';

// SQLite serves one process, whose limits are in its memory: there the text only has to be one.
const take = systemStatement<{ reply: string }>('limits.take', {
  sqlite: 'SELECT :names AS reply, :rules AS rules, :takes AS takes',
  postgres:
    'SELECT quayside.take_limits_batch(CAST(:names AS jsonb), CAST(:rules AS bigint[]), CAST(:takes AS bigint[])) AS reply',
});
const probe = systemStatement('limits.probe', 'SELECT 1 AS one');
const clean = systemStatement('limits.clean', {
  sqlite: 'SELECT 1 AS one',
  postgres:
    'DELETE FROM rate_limits WHERE expires_at < (extract(epoch FROM clock_timestamp()) * 1000000)::bigint',
});

/** Counters that are empty take no more room than those of some minutes' callers. */
const CLEAN_INTERVAL_MS = 60_000;

/** A burst may have to open sessions first; the store itself waits as long for a server that is started again. */
const ANSWER_WITHIN_MS = 2000;
/** Most calls of one statement: it holds its locks for milliseconds, and other nodes wait for the same. */
const TAKES_MAX = 256;
/** Most counters of one statement: each is a lock in a table that all sessions of the server share. */
const BUCKETS_MAX = 128;

/** Numbers of a reply; those of all calls stand one after another. */
const REPLY_LENGTH = 6;
/** As the function numbers the kinds. */
const KIND_NUMBERS = { f: 1, l: 2, s: 3 } as const;

interface Waiting {
  readonly buckets: readonly Bucket[];
  readonly cost: number;
  readonly resolve: (decision: Decision) => void;
  readonly reject: (error: unknown) => void;
}

/** `store` must be a PostgreSQL one; it stays open when this is closed. */
export function createPostgresBackend(store: Store): LimitBackend {
  const cleaning = setInterval(() => {
    // Where the database is lost, the next call notices; the next round deletes what this one did not.
    store.write('system', [{ statement: clean, values: {} }]).catch(() => undefined);
  }, CLEAN_INTERVAL_MS).unref();
  let waiting: Waiting[] = [];
  let isSending = false;

  /** One statement at a time: a second one would wait for the locks of the first. */
  async function sendAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = new Batch();
      const length = waiting.findIndex((one) => !batch.add(one));
      waiting = length === -1 ? [] : waiting.slice(length);
      await batch.send(store);
    }
    isSending = false;
  }

  return {
    name: 'postgresql',
    answerWithinMs: ANSWER_WITHIN_MS,
    take: (buckets, cost) =>
      new Promise((resolve, reject) => {
        waiting.push({ buckets, cost, resolve, reject });
        if (isSending) return;
        isSending = true;
        // At the end of the turn, so that calls that arrived together travel together.
        setImmediate(() => void sendAll());
      }),
    async probe() {
      await store.read('system', probe, {});
    },
    async close() {
      clearInterval(cleaning);
    },
  };
}

/** The calls of one statement. */
class Batch {
  readonly #calls: Waiting[] = [];
  /** Numbers of the counters, from 1. */
  readonly #numbers = new Map<string, number>();
  readonly #rules: number[] = [];
  readonly #takes: number[] = [];

  /** False where it has no room for the call; a call alone always has. */
  add(call: Waiting): boolean {
    const { buckets, cost } = call;
    const isFull = this.#calls.length === TAKES_MAX || this.#numbers.size + buckets.length > BUCKETS_MAX;
    if (isFull && this.#calls.length > 0) return false;
    this.#calls.push(call);
    this.#takes.push(cost, buckets.length, ...buckets.map((bucket) => this.#numberOf(bucket)));
    return true;
  }

  /** Never rejects: each call hears for itself. */
  async send(store: Store): Promise<void> {
    try {
      const names = JSON.stringify([...this.#numbers.keys()]);
      const values = { names, rules: `{${this.#rules}}`, takes: `{${this.#takes}}` };
      const [result] = await store.write('system', [{ statement: take, values }]);
      const replies = parseNumbers(result?.rows[0]?.reply);
      for (const [index, { buckets, resolve }] of this.#calls.entries())
        resolve(parseReply(replies.slice(index * REPLY_LENGTH, (index + 1) * REPLY_LENGTH), buckets));
    } catch (error) {
      // Whoever was answered before is not answered again.
      for (const { reject } of this.#calls) reject(error);
    }
  }

  #numberOf(bucket: Bucket): number {
    const { sharedKey, rule } = bucket;
    const known = this.#numbers.get(sharedKey);
    if (known !== undefined) return known;
    const number = this.#numbers.size + 1;
    this.#numbers.set(sharedKey, number);
    this.#rules.push(KIND_NUMBERS[kindOf(bucket)], rule.limit, rule.most, rule.windowMs);
    return number;
  }
}

function parseNumbers(reply: unknown): readonly unknown[] {
  const numbers: unknown = typeof reply === 'string' ? JSON.parse(reply) : undefined;
  return Array.isArray(numbers) ? numbers : [];
}
