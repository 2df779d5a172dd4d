// Counters in Redis, for nodes that limit together. What cannot be reached is told to the caller at once: no command
// waits for a connection, and none is sent twice.
import { hash } from 'node:crypto';
import { Redis } from 'ioredis';
import type { LimitBackend } from '../backend.ts';
import type { Bucket } from '../bucket.ts';
import type { Decision } from '../decision.ts';
import { kindOf, parseReply } from '../shared-reply.ts';
import { TAKE_SCRIPT } from './script.ts';

export interface RedisBackendOptions {
  /** `redis://` or `rediss://`, with user, password and database number where they are needed. */
  readonly url: string;
  /** Begins every key. Default `quayside:limits:`. */
  readonly prefix?: string;
}

const PREFIX = 'quayside:limits:';
/** Within the 10 s in which recovery is promised, and often enough to be used by the next probe. */
const RECONNECT_MS = 500;
/** A hundred times what a Redis in the same network needs; no call waits longer for its limits. */
const ANSWER_WITHIN_MS = 500;
const CONNECT_WITHIN_MS = 2000;
/** A ping on a connection that lives is answered in far less. */
const SILENT_MS = 2000;
const SCRIPT_SHA = hash('sha1', TAKE_SCRIPT, 'hex');

/** Connects in the background; until then it rejects. */
export function createRedisBackend({ url, prefix = PREFIX }: RedisBackendOptions): LimitBackend {
  const redis = new Redis(url, {
    connectTimeout: CONNECT_WITHIN_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => RECONNECT_MS,
    // Calls that arrive together travel together.
    enableAutoPipelining: true,
  });
  // Every failed attempt to connect is told here as well; what matters of it, a command tells.
  redis.on('error', () => undefined);
  return {
    name: 'redis',
    answerWithinMs: ANSWER_WITHIN_MS,
    take: (buckets, cost) => take(redis, prefix, buckets, cost),
    async probe() {
      if (redis.status !== 'ready') await nextAttempt(redis);
      // A connection that a network swallowed looks open for minutes: another one is tried.
      const silent = setTimeout(() => redis.disconnect(true), SILENT_MS).unref();
      try {
        await redis.ping();
      } finally {
        clearTimeout(silent);
      }
    },
    async close() {
      redis.disconnect();
    },
  };
}

/** Resolves when a connection is ready; rejects with why the next attempt failed. */
function nextAttempt(redis: Redis): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      redis.off('ready', settle).off('error', settle);
      if (error === undefined) resolve();
      else reject(error);
    };
    redis.on('ready', settle).on('error', settle);
  });
}

async function take(
  redis: Redis,
  prefix: string,
  buckets: readonly Bucket[],
  cost: number,
): Promise<Decision> {
  const keys: string[] = [];
  const values: (string | number)[] = [cost];
  for (const bucket of buckets) {
    const key = prefix + bucket.sharedKey;
    keys.push(key, `${key}:warned`);
    values.push(kindOf(bucket), bucket.rule.limit, bucket.rule.most, bucket.rule.windowMs);
  }
  let reply: unknown;
  try {
    reply = await redis.evalsha(SCRIPT_SHA, keys.length, ...keys, ...values);
  } catch (error) {
    // The server was started anew, or its scripts were flushed: this once the text itself, which it then keeps.
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    reply = await redis.eval(TAKE_SCRIPT, keys.length, ...keys, ...values);
  }
  return parseReply(reply, buckets);
}
