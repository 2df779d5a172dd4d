// Cached answers in Redis, shared by all replicas. While it cannot be reached, every look is a miss.
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import type { CacheBackend, Look } from './backend.ts';
import { KEEP, LIST, LOOK } from './redis-scripts.ts';

/** A cache that takes longer than this costs more than it saves. */
const COMMAND_TIMEOUT_MS = 250;
const CONNECT_TIMEOUT_MS = 1000;
/** Recovery is noticed within this. */
const RECONNECT_MS_MAX = 2000;
/** Far longer than any answer lives; one that outlives its tag's version is only a miss. */
const VERSION_SECONDS = 7 * 86_400;
/** Keys of one DEL. */
const BATCH = 500;

const LOST: Look = Object.freeze({ text: undefined, versions: undefined });

export interface RedisBackendOptions {
  readonly url: string;
  /** In front of every key; default `quayside:cache:`. */
  readonly prefix?: string;
  /** Told when the backend is lost, once, and when it is back with undefined. */
  readonly onProblem: (error: Error | undefined) => void;
  /** Told how many answers had to make room for one of this process. */
  readonly onEvict?: (count: number) => void;
}

/** Connects in the background: a Redis that is not there keeps nobody from starting. */
export function createRedisBackend(options: RedisBackendOptions): CacheBackend {
  const { prefix = 'quayside:cache:', onEvict } = options;
  const { redis, lost } = connect(options);
  const evicted = new Map<string, number>();
  const answersOf = (partition: string) => `${prefix}a:${partition}:`;
  const indexOf = (partition: string) => `${prefix}i:${partition}`;
  const tagKey = (tag: string) => `${prefix}t:${tag}`;
  const keysOf = async (partition: string): Promise<readonly string[]> =>
    parseStrings(await redis.eval(LIST, 1, indexOf(partition)));

  return {
    kind: 'redis',
    async look(place, tags) {
      const keys = [answersOf(place.partition) + place.key, ...tags.map(tagKey)];
      try {
        const [versions, text] = parseStrings(
          await redis.eval(LOOK, keys.length, ...keys, randomUUID(), VERSION_SECONDS),
        );
        return { text, versions };
      } catch (error) {
        lost(error);
        return LOST;
      }
    },
    keep(place, answer) {
      const prefixOfAnswers = answersOf(place.partition);
      redis
        .eval(
          KEEP,
          2,
          prefixOfAnswers + place.key,
          indexOf(place.partition),
          ...[answer.versions, answer.text, answer.ttlMs, place.key, place.entriesMax, prefixOfAnswers],
        )
        .then((reply) => {
          const count = Number(reply);
          if (count === 0) return;
          evicted.set(place.partition, (evicted.get(place.partition) ?? 0) + count);
          onEvict?.(count);
        }, lost);
    },
    async outdate(tag) {
      // Rejects where Redis cannot be reached: who changed something must know that others may not.
      await redis.set(tagKey(tag), randomUUID(), 'EX', VERSION_SECONDS);
    },
    count: async (partition) => (await keysOf(partition)).length,
    evictions: (partition) => evicted.get(partition) ?? 0,
    async clear(partition, matches) {
      const doomed = (await keysOf(partition)).filter(matches);
      for (let from = 0; from < doomed.length; from += BATCH) {
        const batch = doomed.slice(from, from + BATCH);
        await redis.del(...batch.map((key) => answersOf(partition) + key));
        await redis.zrem(indexOf(partition), ...batch);
      }
      return doomed.length;
    },
    async close() {
      redis.disconnect();
    },
  };
}

function connect({ url, onProblem }: RedisBackendOptions) {
  let isLost = false;
  const redis = new Redis(url, {
    lazyConnect: true,
    // A command waits neither for a connection nor for a second try: a miss is cheaper.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(attempt * 100, RECONNECT_MS_MAX),
  });
  const lost = (error: unknown): void => {
    if (isLost) return;
    isLost = true;
    onProblem(error instanceof Error ? error : new Error(String(error)));
  };
  redis.on('error', lost);
  redis.on('ready', () => {
    if (isLost) onProblem(undefined);
    isLost = false;
  });
  redis.connect().catch(lost);
  return { redis, lost };
}

function parseStrings(reply: unknown): readonly string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}
