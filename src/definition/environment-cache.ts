// The part of the environment that says how answers are cached.
import { flag, oneOf, redisUrl, seconds, wholeNumber } from './environment-readers.ts';
import { variable } from './environment-variable.ts';

export const cacheVariables = {
  cacheBackend: variable(
    ['CACHE_BACKEND'],
    oneOf('memory', 'redis'),
    'Where cached answers are kept: `memory` or `redis`.',
    { fallback: 'redis with CACHE_REDIS_URL, else memory' },
  ),
  cacheRedisUrl: variable(['CACHE_REDIS_URL'], redisUrl, 'Redis of the cached answers.', {
    secret: true,
    fallback: 'redis://127.0.0.1:6379',
    example: 'redis://redis:6379/1',
  }),
  cacheEnabled: variable(
    ['CACHE_ENABLED'],
    flag,
    '`false` caches nothing at all; `true` caches read-only tools where the definition says nothing.',
  ),
  cacheTtlMs: variable(
    ['CACHE_DEFAULT_TTL'],
    seconds,
    'Seconds that a cached answer lives; wins over `caching.ttl`, not over that of a tool.',
    { fallback: '300' },
  ),
  cacheMaxSize: variable(
    ['CACHE_MAX_SIZE'],
    wholeNumber(1, 10_000_000),
    'Most cached answers of a server; wins over `caching.maxSize`.',
    { fallback: '1000' },
  ),
} as const;
