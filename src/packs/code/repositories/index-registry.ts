// The open indexes of this process. Servers and successive plans that cover the same tree by the same rules share one.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../../clock.ts';
import type { Log } from '../../../telemetry/log.ts';
import { SymbolIndex } from '../symbols/symbol-index.ts';
import { addedPlaces } from './added-repositories.ts';
import { textDirectory } from './index-directory.ts';
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
  /** The symbols of what the index holds; follows it by itself. */
  readonly symbols: SymbolIndex;
  release(): Promise<void>;
}

/** Opens indexes when first wanted and closes them when nobody wants them any more. */
export interface IndexRegistry {
  /**
   * `root` is absolute. Starts to work as wished when it was not open. `added` is the id of a repository that a caller
   * added: its index is its own and goes with it, also where a definition covers the same tree.
   */
  acquire(root: string, wish: IndexWish, added?: string): IndexUse;
  close(): Promise<void>;
}

interface Opened {
  readonly index: RepositoryIndex;
  readonly symbols: SymbolIndex;
  users: number;
}

/** Nothing is opened yet. */
export function createIndexRegistry(deps: IndexRegistryDeps): IndexRegistry {
  const opened = new Map<string, Opened>();
  const open = (root: string, wish: IndexWish, added: string | undefined): Opened => {
    const rules = intakeOf(root, wish, deps.stateDirectory);
    const own = createHash('sha256')
      .update(`${root}\0${schemeOf(rules)}`)
      .digest('hex')
      .slice(0, 16);
    const id = added === undefined ? own : `${added}.${own}`;
    const directory =
      added === undefined
        ? join(deps.stateDirectory, 'code', own)
        : join(addedPlaces(deps.stateDirectory).indexes, added, own);
    const { autoIndex, watch } = wish;
    const index = new RepositoryIndex({ ...deps, id, root, directory, rules, autoIndex, watch });
    const symbols = new SymbolIndex({ text: textDirectory(directory), directory });
    index.onUpdate(() => {
      // A query that needs them tries again, and says what is wrong.
      symbols.refresh().catch((error) => deps.log.warn({ index: id, error }, 'The symbols were not read.'));
    });
    index.start();
    return { index, symbols, users: 0 };
  };
  return {
    acquire(root, wish, added) {
      const key = JSON.stringify([
        added ?? null,
        root,
        wish.exclude,
        wish.hidden,
        wish.maxFileSize,
        wish.autoIndex,
        wish.watch,
      ]);
      const entry = opened.get(key) ?? open(root, wish, added);
      opened.set(key, entry);
      entry.users++;
      let isReleased = false;
      return {
        index: entry.index,
        symbols: entry.symbols,
        async release() {
          if (isReleased) return;
          isReleased = true;
          entry.users--;
          if (entry.users > 0) return;
          opened.delete(key);
          await closeBoth(entry);
        },
      };
    },
    async close() {
      const entries = [...opened.values()];
      opened.clear();
      await Promise.all(entries.map(closeBoth));
    },
  };
}

/** The symbols first: they read what the index removes. */
async function closeBoth({ index, symbols }: Opened): Promise<void> {
  await symbols.close();
  await index.close();
}
