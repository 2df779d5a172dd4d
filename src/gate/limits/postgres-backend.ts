// Counters in PostgreSQL, for replicas that share no Redis. One statement per call; the arithmetic is the function's, so
// that the time is the server's and nothing is held between two round trips.
import { systemStatement } from '../../store/statement.ts';
import type { Store } from '../../store/store.ts';
import type { LimitBackend } from './backend.ts';
import type { Bucket } from './bucket.ts';
import { kindOf, parseReply } from './shared-reply.ts';

// SQLite serves one process, whose limits are in its memory: there the text only has to be one.
const take = systemStatement<{ reply: string }>('limits.take', {
  sqlite: 'SELECT :buckets AS reply, :cost AS cost',
  postgres: 'SELECT quayside.take_limits(CAST(:buckets AS jsonb), CAST(:cost AS bigint)) AS reply',
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
/** Calls of one server wait for the same rows: more sessions would only wait in the database, and lack elsewhere. */
const IN_FLIGHT_MAX = 4;

/** `store` must be a PostgreSQL one; it stays open when this is closed. */
export function createPostgresBackend(store: Store): LimitBackend {
  const cleaning = setInterval(() => {
    // Where the database is lost, the next call notices; the next round deletes what this one did not.
    store.write('system', [{ statement: clean, values: {} }]).catch(() => undefined);
  }, CLEAN_INTERVAL_MS).unref();
  const inTurn = createTurns(IN_FLIGHT_MAX);
  return {
    name: 'postgresql',
    answerWithinMs: ANSWER_WITHIN_MS,
    async take(buckets, cost) {
      const values = { buckets: JSON.stringify(buckets.map(rowOf)), cost };
      const [result] = await inTurn(() => store.write('system', [{ statement: take, values }]));
      const reply = result?.rows[0]?.reply;
      return parseReply(typeof reply === 'string' ? JSON.parse(reply) : undefined, buckets);
    },
    async probe() {
      await store.read('system', probe, {});
    },
    async close() {
      clearInterval(cleaning);
    },
  };
}

function rowOf(bucket: Bucket): readonly unknown[] {
  const { limit, most, windowMs } = bucket.rule;
  return [bucket.sharedKey, kindOf(bucket), limit, most, windowMs];
}

/** Runs what it is given, at most so much at a time, in the order in which it came. */
function createTurns(most: number): <Value>(run: () => Promise<Value>) => Promise<Value> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (run) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      // Whoever is next takes over the place.
      if (next === undefined) running--;
      else next();
    }
  };
}
