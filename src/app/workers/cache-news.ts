// The cache of one worker hears what another one declares out of date, before whoever declared it goes on.
import type { CacheStats, ResponseCache } from '../../gate/cache/response-cache.ts';
import type { WorkerLink } from '../../workers/worker-link.ts';

const TOPIC = 'cache';

/** What one worker tells or asks the others. */
type CacheNews =
  | { readonly kind: 'changed'; readonly tenantId: string }
  | { readonly kind: 'clear'; readonly tenantId: string; readonly pattern?: string }
  | { readonly kind: 'remove'; readonly tenantId: string; readonly key: string }
  | { readonly kind: 'stats'; readonly tenantId: string };

/** Each worker keeps answers in its own memory; a process that serves alone gets `cache` back. */
export function sharedByWorkers(cache: ResponseCache, worker: WorkerLink | undefined): ResponseCache {
  if (worker === undefined || cache.backend.kind !== 'memory') return cache;
  worker.onPublished(TOPIC, (body) => follow(cache, parseNews(body)));
  const tell = (news: CacheNews): Promise<readonly unknown[]> => worker.publish(TOPIC, news);
  return {
    ...cache,
    async corpusChanged(tenantId) {
      await Promise.all([cache.corpusChanged(tenantId), tell({ kind: 'changed', tenantId })]);
    },
    async clear(tenantId, pattern) {
      const news = { kind: 'clear', tenantId, ...(pattern === undefined ? {} : { pattern }) } as const;
      const [own, others] = await Promise.all([cache.clear(tenantId, pattern), tell(news)]);
      return others.reduce<number>((sum, count) => sum + Number(count), own);
    },
    async remove(tenantId, key) {
      const [own, others] = await Promise.all([
        cache.remove(tenantId, key),
        tell({ kind: 'remove', tenantId, key }),
      ]);
      return own || others.includes(true);
    },
    async stats(tenantId) {
      const [own, others] = await Promise.all([cache.stats(tenantId), tell({ kind: 'stats', tenantId })]);
      return [...others.map(parseStats)].reduce(add, own);
    },
  };
}

function follow(cache: ResponseCache, news: CacheNews): Promise<unknown> {
  switch (news.kind) {
    case 'changed':
      return cache.corpusChanged(news.tenantId);
    case 'clear':
      return cache.clear(news.tenantId, news.pattern);
    case 'remove':
      return cache.remove(news.tenantId, news.key);
    case 'stats':
      return cache.stats(news.tenantId);
  }
}

function add(one: CacheStats, other: CacheStats): CacheStats {
  const hits = one.hits + other.hits;
  const total = one.total_requests + other.total_requests;
  return {
    ...one,
    size: one.size + other.size,
    max_size: one.max_size + other.max_size,
    hits,
    misses: one.misses + other.misses,
    hit_rate: total === 0 ? 0 : hits / total,
    total_requests: total,
    evictions: one.evictions + other.evictions,
  };
}

/** Another worker is the same program. */
function parseNews(body: unknown): CacheNews {
  return body as CacheNews;
}

function parseStats(body: unknown): CacheStats {
  return body as CacheStats;
}
