// The cache of answers as the rest of the product sees it: what became out of date, what administrators may do.
import type { JsonObject } from '../../tool.ts';
import { type CacheBackend, SHARED } from './backend.ts';
import type { CacheOverrides } from './cache-settings.ts';
import { matchesGlob } from './glob.ts';

/** Where an answer came from; `bypass`: nothing was looked up, as its caller wished. */
export type CacheWord = 'hit' | 'miss' | 'bypass';

/** One per process. */
export interface ResponseCache {
  readonly backend: CacheBackend;
  readonly overrides: CacheOverrides;
  /** A server in force keeps at most so many answers. */
  serves(slug: string, entriesMax: number): void;
  /** Counts a call of a tenant. */
  count(tenantId: string, word: CacheWord): void;
  /** The definition of a server was loaded anew. Never rejects; what cannot be told is reported. */
  reloaded(slug: string): Promise<void>;
  /** Something that a tenant's tools read was indexed, ingested, deleted or written. Never rejects. */
  corpusChanged(tenantId: string): Promise<void>;
  stats(tenantId: string): Promise<CacheStats>;
  /** Removes a tenant's answers and the shared ones whose key fits the glob; all without one. */
  clear(tenantId: string, pattern: string | undefined): Promise<number>;
  remove(tenantId: string, key: string): Promise<boolean>;
  close(): Promise<void>;
}

/** As `GET /api/cache/stats` answers it (governance §10.1). Hits and misses are those of this process. */
export interface CacheStats extends JsonObject {
  readonly backend: 'memory' | 'redis';
  readonly enabled: boolean;
  readonly size: number;
  /** Of all servers that cache anything. */
  readonly max_size: number;
  readonly hits: number;
  readonly misses: number;
  /** From 0 to 1. */
  readonly hit_rate: number;
  readonly total_requests: number;
  readonly evictions: number;
}

export interface ResponseCacheOptions {
  readonly backend: CacheBackend;
  readonly overrides: CacheOverrides;
  /** Takes a failure to say that something is out of date. */
  readonly onProblem: (error: unknown) => void;
  /** Told of every call of a tool that is cached. */
  readonly counted?: (word: CacheWord) => void;
}

/** Puts the counters of this process and the words of administrators before a backend. */
export function createResponseCache(options: ResponseCacheOptions): ResponseCache {
  const { backend, overrides, onProblem, counted } = options;
  const sizes = new Map<string, number>();
  const counters = new Map<string, { hits: number; misses: number }>();
  const partitionsOf = (tenantId: string) => [tenantId, SHARED];
  const clear = async (tenantId: string, matches: (key: string) => boolean): Promise<number> => {
    const counts = await Promise.all(
      partitionsOf(tenantId).map((partition) => backend.clear(partition, matches)),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  };
  return {
    backend,
    overrides,
    serves(slug, entriesMax) {
      sizes.set(slug, entriesMax);
    },
    count(tenantId, word) {
      counted?.(word);
      if (word === 'bypass') return;
      let counter = counters.get(tenantId);
      if (counter === undefined) {
        counter = { hits: 0, misses: 0 };
        counters.set(tenantId, counter);
      }
      if (word === 'hit') counter.hits++;
      else counter.misses++;
    },
    reloaded: (slug) => backend.outdate(serverTag(slug)).catch(onProblem),
    corpusChanged: (tenantId) => backend.outdate(tenantTag(tenantId)).catch(onProblem),
    async stats(tenantId) {
      const { hits, misses } = counters.get(tenantId) ?? { hits: 0, misses: 0 };
      const partitions = partitionsOf(tenantId);
      const counts = await Promise.all(partitions.map((partition) => backend.count(partition)));
      const total = hits + misses;
      return {
        backend: backend.kind,
        enabled: overrides.enabled !== false,
        size: counts.reduce((sum, size) => sum + size, 0),
        max_size: [...sizes.values()].reduce((sum, size) => sum + size, 0),
        hits,
        misses,
        hit_rate: total === 0 ? 0 : hits / total,
        total_requests: total,
        evictions: partitions.reduce((sum, partition) => sum + backend.evictions(partition), 0),
      };
    },
    clear: (tenantId, pattern) =>
      clear(tenantId, pattern === undefined ? () => true : (key) => matchesGlob(pattern, key)),
    remove: async (tenantId, key) => (await clear(tenantId, (one) => one === key)) > 0,
    close: () => backend.close(),
  };
}

/** Tag of all answers of a server. */
export function serverTag(slug: string): string {
  return `server:${slug}`;
}

/** Tag of all answers that a tenant's data went into. */
export function tenantTag(tenantId: string): string {
  return `tenant:${tenantId}`;
}
