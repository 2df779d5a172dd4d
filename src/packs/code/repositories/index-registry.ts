// The open indexes of this process. Servers and successive plans that cover the same tree by the same rules share one.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../../clock.ts';
import type { Log } from '../../../telemetry/log.ts';
import type { IndexRecords } from './index-record.ts';
import { type IntakeOptions, intakeOf, schemeOf } from './intake-of-pack.ts';
import { RepositoryIndex } from './repository-index.ts';

/** What decides on an index. */
export interface IndexWish extends IntakeOptions {
  readonly autoIndex: boolean;
  readonly watch: boolean;
}

/** What indexes are opened with. */
export interface IndexRegistryDeps {
  /** Where the product keeps its state; each index has a folder below. Never searched itself. */
  readonly stateDirectory: string;
  readonly records: IndexRecords;
  readonly clock: Clock;
  readonly log: Log;
}

/** A use of an index, ended by `release`. */
export interface IndexUse {
  readonly index: RepositoryIndex;
  release(): Promise<void>;
}

/** Opens indexes when first wanted and closes them when nobody wants them any more. */
export interface IndexRegistry {
  /** `root` is absolute. Starts to work as wished when it was not open. */
  acquire(root: string, wish: IndexWish): IndexUse;
  close(): Promise<void>;
}

interface Opened {
  readonly index: RepositoryIndex;
  users: number;
}

/** Nothing is opened yet. */
export function createIndexRegistry(deps: IndexRegistryDeps): IndexRegistry {
  const opened = new Map<string, Opened>();
  const open = (root: string, wish: IndexWish): Opened => {
    const rules = intakeOf(root, wish, deps.stateDirectory);
    const id = createHash('sha256')
      .update(`${root}\0${schemeOf(rules)}`)
      .digest('hex')
      .slice(0, 16);
    const directory = join(deps.stateDirectory, 'code', id);
    const { autoIndex, watch } = wish;
    const index = new RepositoryIndex({ ...deps, id, root, directory, rules, autoIndex, watch });
    index.start();
    return { index, users: 0 };
  };
  return {
    acquire(root, wish) {
      const key = JSON.stringify([
        root,
        wish.exclude,
        wish.hidden,
        wish.maxFileSize,
        wish.autoIndex,
        wish.watch,
      ]);
      const entry = opened.get(key) ?? open(root, wish);
      opened.set(key, entry);
      entry.users++;
      let isReleased = false;
      return {
        index: entry.index,
        async release() {
          if (isReleased) return;
          isReleased = true;
          entry.users--;
          if (entry.users > 0) return;
          opened.delete(key);
          await entry.index.close();
        },
      };
    },
    async close() {
      const entries = [...opened.values()];
      opened.clear();
      await Promise.all(entries.map(({ index }) => index.close()));
    },
  };
}
