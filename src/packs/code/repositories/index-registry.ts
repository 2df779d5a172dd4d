// The open indexes of this process. Servers and successive plans that cover the same tree by the same rules share one.
import type { Clock } from '../../../clock.ts';
import type { Embedder } from '../../../models/embedder.ts';
import type { Log } from '../../../telemetry/log.ts';
import type { CodeMeter } from '../../../telemetry/metrics/code-meter.ts';
import { SemanticIndex } from '../semantic/semantic-index.ts';
import type { SemanticOptions } from '../semantic/semantic-options.ts';
import { VectorThread } from '../semantic/vector-thread.ts';
import { SymbolIndex } from '../symbols/symbol-index.ts';
import type { AddedType } from './added-repositories.ts';
import { textDirectory } from './index-directory.ts';
import { indexFamily } from './index-family.ts';
import type { RepositoryIndexOptions } from './index-options.ts';
import { indexPlace } from './index-place.ts';
import type { IndexRecords } from './index-record.ts';
import type { IntakeOptions } from './intake-of-pack.ts';
import { RepositoryIndex } from './repository-index.ts';

/** What decides on an index. */
export interface IndexWish extends IntakeOptions {
  readonly autoIndex: boolean;
  readonly watch: boolean;
  /** Absent: nothing is searched by meaning. */
  readonly semantic?: SemanticOptions;
}

/** What indexes are opened with. */
export interface IndexRegistryDeps {
  /** Where the product keeps its state; each index has a folder below. Never searched itself. */
  readonly stateDirectory: string;
  readonly records: IndexRecords;
  readonly clock: Clock;
  readonly log: Log;
  /** Makes the model of some options. */
  readonly embedderOf: (options: SemanticOptions) => Embedder;
  readonly meter: CodeMeter;
}

/** A use of an index, ended by `release`. */
export interface IndexUse {
  readonly index: RepositoryIndex;
  /** The symbols of what the index holds; follows it by itself. */
  readonly symbols: SymbolIndex;
  /** Where a model is configured. */
  readonly meaning?: SemanticIndex;
  release(): Promise<void>;
}

/** Opens indexes when first wanted and closes them when nobody wants them any more. */
export interface IndexRegistry {
  /** `root` is absolute. Starts to work as wished when it was not open. */
  acquire(root: string, wish: IndexWish, added?: AddedTree): IndexUse;
  /** What is open now. */
  all(): readonly OpenedIndex[];
  close(): Promise<void>;
}

/** A tree that a caller added: its index is its own and goes with it, also where a definition covers the same tree. */
export interface AddedTree {
  /** Of the repository. */
  readonly id: string;
  readonly type: AddedType;
  /** Who added it. */
  readonly tenant: string;
  /** Of a clone: brings it to this node. Absent for folders. */
  readonly fetch?: () => Promise<void>;
}

/** An index with what metrics tell of it. */
export interface OpenedIndex {
  readonly type: 'local' | AddedType;
  readonly index: RepositoryIndex;
}

interface Opened extends OpenedIndex {
  readonly symbols: SymbolIndex;
  readonly meaning?: SemanticIndex;
  users: number;
}

/** Nothing is opened yet. */
export function createIndexRegistry(deps: IndexRegistryDeps): IndexRegistry {
  const opened = new Map<string, Opened>();
  const thread = new VectorThread();
  const open = (root: string, wish: IndexWish, added: AddedTree | undefined): Opened => {
    const fetch = added?.fetch;
    const { stateDirectory } = deps;
    const { id, directory, rules } = indexPlace(root, wish, {
      ...{ stateDirectory, added: added?.id, isClone: fetch !== undefined },
    });
    const { autoIndex, watch } = wish;
    const onReport: RepositoryIndexOptions['onReport'] = (report) =>
      deps.meter.filesIndexed(report.filesByLanguage);
    const index = new RepositoryIndex({
      ...{ ...deps, id, root, directory, rules, autoIndex, watch, onReport },
      ...(fetch === undefined ? {} : { fetch }),
      family: indexFamily({ root, directory, stateDirectory, owner: added?.tenant ?? '' }),
    });
    const symbols = new SymbolIndex({ text: textDirectory(directory), directory }, deps.meter.symbolsIndexed);
    index.onUpdate(() => {
      // A query that needs them tries again, and says what is wrong.
      symbols.refresh().catch((error) => deps.log.warn({ index: id, error }, 'The symbols were not read.'));
    });
    index.start();
    const meaning = openMeaning(index, wish.semantic, { ...deps, thread });
    const type = added?.type ?? 'local';
    return { type, index, symbols, ...meaning, users: 0 };
  };
  return {
    acquire(root, wish, added) {
      const key = JSON.stringify([
        added?.id ?? null,
        root,
        wish.exclude,
        wish.hidden,
        wish.maxFileSize,
        wish.autoIndex,
        wish.watch,
        wish.semantic ?? null,
      ]);
      const entry = opened.get(key) ?? open(root, wish, added);
      opened.set(key, entry);
      entry.users++;
      let isReleased = false;
      return {
        index: entry.index,
        symbols: entry.symbols,
        ...(entry.meaning === undefined ? {} : { meaning: entry.meaning }),
        async release() {
          if (isReleased) return;
          isReleased = true;
          entry.users--;
          if (entry.users > 0) return;
          opened.delete(key);
          await closeAll(entry);
        },
      };
    },
    all: () => [...opened.values()],
    async close() {
      const entries = [...opened.values()];
      opened.clear();
      await Promise.all(entries.map(closeAll));
      await thread.close();
    },
  };
}

/** The meaning of what an index holds, following it by itself; nothing without a model. */
function openMeaning(
  index: RepositoryIndex,
  options: SemanticOptions | undefined,
  deps: IndexRegistryDeps & { readonly thread: VectorThread },
): { readonly meaning?: SemanticIndex } {
  if (options === undefined) return {};
  const meaning = new SemanticIndex({
    ...{ ...deps, options, directory: index.directory },
    embedder: deps.embedderOf(options),
    text: () => index.text,
  });
  index.onUpdate(() => meaning.refresh());
  meaning.refresh();
  return { meaning };
}

/** The index last: the others read what it removes. */
async function closeAll({ index, symbols, meaning }: Opened): Promise<void> {
  await Promise.all([symbols.close(), meaning?.close()]);
  await index.close();
}
