// The limiter of the process, over the counters that the settings name, and what the operator sees of it.
import type { EnvironmentSettings } from '../definition/environment.ts';
import type { LimitBackend } from '../gate/limits/backend.ts';
import { createLimiter, type Limiter } from '../gate/limits/limiter.ts';
import { createPostgresBackend } from '../gate/limits/postgres-backend.ts';
import { createPrimaryBackend } from '../gate/limits/primary-backend.ts';
import type { Component } from '../operations/health/health.ts';
import type { Store } from '../store/store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { TO_PRIMARY } from '../workers/messages.ts';
import type { WorkerLink } from '../workers/worker-link.ts';
import type { AppSettings } from './settings.ts';
import { storeAddress } from './store.ts';

/**
 * Redis where it is named, else PostgreSQL where several replicas share it, else the primary where there are workers,
 * else memory (governance §6.3). Resolves when shared counters have answered once, or are known to be lost: the process
 * serves either way.
 */
export async function openLimiter(
  settings: AppSettings,
  telemetry: Telemetry,
  store: Store,
  worker?: WorkerLink,
): Promise<Limiter> {
  const log = telemetry.log.child({ component: 'limits' });
  const shared = await sharedBackend(settings, store, worker);
  const limiter = createLimiter({
    now: () => performance.now(),
    ...(shared === undefined ? {} : { shared }),
    report({ backend, state, error }) {
      if (state === 'lost')
        log.warn({ backend, error }, 'The shared counters of the limits are lost; onBackendError holds.');
      else log.notice({ backend }, 'The shared counters of the limits are back.');
    },
  });
  const { replicas } = settings.environment;
  if (
    (limiter.backend === 'memory' || limiter.backend === 'primary') &&
    replicas !== undefined &&
    replicas > 1
  )
    log.warn(
      { replicas },
      'Each replica counts limits on its own: set REDIS_URL or DATABASE_URL to let them count together.',
    );
  telemetry.metrics.instruments.rateLimitBackend.source((report) =>
    report({ backend: limiter.backend }, limiter.problem() === undefined ? 1 : 0),
  );
  await limiter.opened();
  return limiter;
}

/** Component `rate_limit`: degraded while counters that should be shared are not. */
export function limitsComponent(limiter: Limiter): Component {
  return {
    name: 'rate_limit',
    critical: false,
    check() {
      const message = limiter.problem();
      const metadata = { backend: limiter.backend };
      return message === undefined
        ? { status: 'healthy', metadata }
        : { status: 'degraded', message, metadata };
    },
  };
}

async function sharedBackend(
  { environment, dataDirectory }: AppSettings,
  store: Store,
  worker: WorkerLink | undefined,
): Promise<LimitBackend | undefined> {
  const url = redisUrl(environment);
  if (url !== undefined) {
    // Its client takes 8 MB, which a process without Redis does not need.
    const { createRedisBackend } = await import('../gate/limits/redis/redis-backend.ts');
    return createRedisBackend({ url });
  }
  const { replicas = 1 } = environment;
  const isShared = replicas > 1 && storeAddress(environment, dataDirectory).kind === 'postgres';
  if (isShared) return createPostgresBackend(store);
  if (worker === undefined) return undefined;
  return createPrimaryBackend((batch, timeoutMs) => worker.channel.ask(TO_PRIMARY.take, batch, timeoutMs));
}

/** `REDIS_URL`, or one made of `REDIS_HOST` and `REDIS_PORT`; `REDIS_PASSWORD` where the address holds none. */
function redisUrl(environment: EnvironmentSettings): string | undefined {
  const { redisHost, redisPort, redisPassword } = environment;
  const address = environment.redisUrl ?? (redisHost === undefined ? undefined : `redis://${redisHost}`);
  if (address === undefined) return undefined;
  const url = new URL(address);
  if (redisPort !== undefined && environment.redisUrl === undefined) url.port = String(redisPort);
  if (redisPassword !== undefined && url.password === '') url.password = encodeURIComponent(redisPassword);
  return url.href;
}
