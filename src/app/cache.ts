// The cache of answers, from the settings of the process.
import { createMemoryBackend } from '../gate/cache/memory-backend.ts';
import { createResponseCache, type ResponseCache } from '../gate/cache/response-cache.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { WorkerLink } from '../workers/worker-link.ts';
import type { AppSettings } from './settings.ts';
import { sharedByWorkers } from './workers/cache-news.ts';

/** Of CACHE_BACKEND=redis alone, as of the Redis client itself. */
const LOCAL_REDIS = 'redis://127.0.0.1:6379';

/** One per process: answers outlive the plans that gave them. */
export async function openCache(
  settings: AppSettings,
  telemetry: Telemetry,
  worker: WorkerLink | undefined,
): Promise<ResponseCache> {
  const { cacheEnabled, cacheTtlMs, cacheMaxSize } = settings.environment;
  const cache = createResponseCache({
    backend: await openBackend(settings, telemetry),
    overrides: {
      ...(cacheEnabled === undefined ? {} : { enabled: cacheEnabled }),
      ...(cacheTtlMs === undefined ? {} : { ttlMs: cacheTtlMs }),
      ...(cacheMaxSize === undefined ? {} : { entriesMax: cacheMaxSize }),
    },
    counted: (word) => telemetry.cachedAnswer(word),
    onProblem: (error) =>
      telemetry.log.error(
        { component: 'cache', err: error },
        'Cached answers could not be declared out of date; they end with their lifetime.',
      ),
  });
  return sharedByWorkers(cache, worker);
}

async function openBackend({ environment }: AppSettings, telemetry: Telemetry) {
  const { cacheBackend, cacheRedisUrl } = environment;
  const log = telemetry.log.child({ component: 'cache' });
  const onEvict = (count: number) => telemetry.cachedAnswer('evict', count);
  if ((cacheBackend ?? (cacheRedisUrl === undefined ? 'memory' : 'redis')) === 'memory')
    return createMemoryBackend({ now: () => performance.now(), onEvict });
  // Its client takes 8 MB, which a process without Redis does not need.
  const { createRedisBackend } = await import('../gate/cache/redis-backend.ts');
  return createRedisBackend({
    url: cacheRedisUrl ?? LOCAL_REDIS,
    onEvict,
    onProblem(error) {
      if (error === undefined) log.info({}, 'Redis is back; answers are cached again.');
      else log.warn({ error: error.message }, 'Redis cannot be reached; nothing is cached until it is back.');
    },
  });
}
