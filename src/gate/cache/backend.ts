// Where cached answers are kept. Losing a backend costs time, never an answer.

/** One cached answer. */
export interface CachePlace {
  /** Whose it is: a tenant, or {@link SHARED}. */
  readonly partition: string;
  readonly slug: string;
  /** `slug:tool:hash`, as administrators see it. */
  readonly key: string;
  /** Most answers that the server keeps (`caching.maxSize`). */
  readonly entriesMax: number;
}

/** Partition of answers that are the same for all tenants (`vary: public`). */
export const SHARED = '*';

/** What was found, and the versions under which a new answer may be kept. */
export interface Look {
  /** JSON of the answer; undefined: there is none that still holds. */
  readonly text: string | undefined;
  /** Undefined: the backend is lost, and nothing can be kept. */
  readonly versions: string | undefined;
}

/**
 * Every answer carries the versions of its tags as they were before it was made, and counts only while they still are:
 * what was made from an older state can never be taken for new, however late it is stored.
 */
export interface CacheBackend {
  readonly kind: 'memory' | 'redis';
  look(place: CachePlace, tags: readonly string[]): Look | Promise<Look>;
  keep(
    place: CachePlace,
    answer: { readonly text: string; readonly versions: string; readonly ttlMs: number },
  ): void;
  /** Makes every answer that carries the tag a thing of the past. */
  outdate(tag: string): Promise<void>;
  count(partition: string): Promise<number>;
  /** How many answers of a partition had to make room. */
  evictions(partition: string): number;
  /** Removes the answers whose key `matches`; resolves with how many. */
  clear(partition: string, matches: (key: string) => boolean): Promise<number>;
  close(): Promise<void>;
}
