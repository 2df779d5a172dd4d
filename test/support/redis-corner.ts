// A corner of the tests' Redis: keys under a prefix of their own, which go when the test is over.
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { services } from './requires.ts';

export interface RedisCorner {
  readonly url: string;
  readonly prefix: string;
  readonly redis: Redis;
  /** Removes every key of the corner. */
  remove(): Promise<void>;
}

export function redisCorner(): RedisCorner {
  const prefix = `quayside-test:${randomBytes(6).toString('hex')}:`;
  const redis = new Redis(services.redis, { lazyConnect: true });
  return {
    url: services.redis,
    prefix,
    redis,
    async remove() {
      const keys = await redis.keys(`${prefix}*`);
      if (keys.length > 0) await redis.del(...keys);
      redis.disconnect();
    },
  };
}
