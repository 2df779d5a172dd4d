// Cached answers in the memory of this process, least recently used ones first out.
import { LRUCache } from 'lru-cache';
import type { CacheBackend, CachePlace, Look } from './backend.ts';

/** All answers of a server together (governance §10.1). */
const BYTES_MAX = 64 * 1024 * 1024;

interface Kept {
  readonly partition: string;
  readonly key: string;
  readonly text: string;
  readonly versions: string;
  readonly expiresAt: number;
}

interface ServerCache {
  readonly entriesMax: number;
  readonly answers: LRUCache<string, Kept>;
}

/** What answers are kept by. */
export interface MemoryBackendOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Per server; default 64 MiB. */
  readonly bytesMax?: number;
  /** Told how many answers had to make room. */
  readonly onEvict?: (count: number) => void;
}

/** One per process. */
export function createMemoryBackend(options: MemoryBackendOptions): CacheBackend {
  const { now, bytesMax = BYTES_MAX, onEvict } = options;
  const servers = new Map<string, ServerCache>();
  const versions = new Map<string, number>();
  const evicted = new Map<string, number>();
  const evict = (partition: string): void => {
    evicted.set(partition, (evicted.get(partition) ?? 0) + 1);
    onEvict?.(1);
  };

  const answersOf = ({ slug, entriesMax }: CachePlace): LRUCache<string, Kept> => {
    let server = servers.get(slug);
    // A reload may have changed the size: what was kept for the old one starts anew.
    if (server?.entriesMax !== entriesMax) {
      const answers = createAnswers(entriesMax, bytesMax, evict);
      server = { entriesMax, answers };
      servers.set(slug, server);
    }
    return server.answers;
  };
  const versionsOf = (tags: readonly string[]): string => tags.map((tag) => versions.get(tag) ?? 0).join(',');

  return {
    kind: 'memory',
    look(place, tags): Look {
      const current = versionsOf(tags);
      const answers = answersOf(place);
      const id = idOf(place);
      const kept = answers.get(id);
      if (kept === undefined) return { text: undefined, versions: current };
      if (kept.versions === current && kept.expiresAt > now()) return { text: kept.text, versions: current };
      answers.delete(id);
      return { text: undefined, versions: current };
    },
    keep(place, { text, versions: made, ttlMs }) {
      const { partition, key } = place;
      answersOf(place).set(idOf(place), { partition, key, text, versions: made, expiresAt: now() + ttlMs });
    },
    outdate(tag) {
      versions.set(tag, (versions.get(tag) ?? 0) + 1);
      return Promise.resolve();
    },
    async count(partition) {
      let count = 0;
      for (const { answers } of servers.values())
        for (const kept of answers.values()) {
          if (kept.partition === partition && kept.expiresAt > now()) count++;
        }
      return count;
    },
    evictions: (partition) => evicted.get(partition) ?? 0,
    async clear(partition, matches) {
      let cleared = 0;
      for (const { answers } of servers.values()) {
        const doomed = [...answers].filter(([, kept]) => kept.partition === partition && matches(kept.key));
        for (const [id] of doomed) answers.delete(id);
        cleared += doomed.length;
      }
      return cleared;
    },
    close() {
      servers.clear();
      return Promise.resolve();
    },
  };
}

function createAnswers(
  max: number,
  maxSize: number,
  evict: (partition: string) => void,
): LRUCache<string, Kept> {
  return new LRUCache<string, Kept>({
    max,
    maxSize,
    // Two bytes per character is the most that a string takes.
    sizeCalculation: ({ key, text }) => 2 * (key.length + text.length) + 1,
    dispose({ partition }, _id, reason) {
      if (reason === 'evict') evict(partition);
    },
  });
}

function idOf({ partition, key }: CachePlace): string {
  return `${partition}\0${key}`;
}
