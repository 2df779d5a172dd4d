// Who wants to hear of changes of which topic in this process.
import { sharedStatement } from './statement.ts';

/** Counts a topic up; PostgreSQL tells its listeners at the commit instead, which locks no row. */
export const ANNOUNCE = sharedStatement('store.announce', {
  sqlite:
    'INSERT INTO store_changes (topic, counter) VALUES (:topic, 1) ' +
    'ON CONFLICT (topic) DO UPDATE SET counter = store_changes.counter + 1',
  postgres: "SELECT pg_notify('quayside_changes', :topic)",
});

/** PostgreSQL's channel of {@link ANNOUNCE}. */
export const CHANGES_CHANNEL = 'quayside_changes';

/** The watchers of one store. */
export interface Watchers {
  readonly size: number;
  add(topic: string, changed: () => void): () => void;
  tell(topic: string): void;
  tellAll(): void;
}

/** `onError` takes what a watcher throws: one of them must not keep the others from hearing. */
export function createWatchers(onError: (error: unknown) => void): Watchers {
  const byTopic = new Map<string, Set<() => void>>();
  const tell = (topic: string) => {
    for (const changed of byTopic.get(topic) ?? []) {
      try {
        changed();
      } catch (error) {
        onError(error);
      }
    }
  };
  return {
    get size() {
      return byTopic.size;
    },
    add(topic, changed) {
      const own = () => changed();
      const watchers = byTopic.get(topic) ?? new Set();
      byTopic.set(topic, watchers.add(own));
      return () => {
        watchers.delete(own);
        if (watchers.size === 0 && byTopic.get(topic) === watchers) byTopic.delete(topic);
      };
    },
    tell,
    tellAll() {
      for (const topic of [...byTopic.keys()]) tell(topic);
    },
  };
}
