// The symbols of one repository, as their callers see them. All work happens in a thread of their own.
import { AskedThread } from '../index/engine/asked-thread.ts';
import type { DiscoveryQuery } from './discovery.ts';
import type { Extent } from './extents.ts';
import type {
  DependencyGraph,
  DiscoveredSymbol,
  Outline,
  ReferenceHits,
  ReferenceQuery,
  SymbolCall,
  SymbolCount,
  SymbolCounts,
  SymbolHits,
  SymbolQuery,
  SymbolSetup,
  SymbolState,
} from './symbol-messages.ts';

/** Old-generation heap of the thread: names and paths of a million symbols. */
const HEAP_MB = 1024;

/** A thread that parses a large file answers after it. */
const CLOSE_MS = 1_000;

/** Rejects with an Error when the thread fails; the next call starts it again. */
export class SymbolIndex {
  readonly #onRead: (counts: readonly SymbolCount[]) => void;
  #known: number | undefined;
  readonly #thread: AskedThread;
  #isClosed = false;

  /** `onRead` is told of definitions that were not known before. */
  constructor(setup: SymbolSetup, onRead: (counts: readonly SymbolCount[]) => void = () => undefined) {
    this.#thread = new AskedThread({
      path: '../../symbols/symbol-worker',
      setup,
      heapMb: HEAP_MB,
      ended: 'The symbol thread ended.',
    });
    this.#onRead = onRead;
  }

  /** The generation of the text index that symbols are known of; undefined while they are being read. */
  get known(): number | undefined {
    return this.#known;
  }

  /** Brings the symbols to the newest state of the text index. */
  async refresh(): Promise<SymbolState> {
    this.#known = undefined;
    const state = await this.#call<SymbolState>({ kind: 'refresh' });
    this.#known = state.generation;
    this.#onRead(state.news);
    return state;
  }

  lookup(query: SymbolQuery): Promise<SymbolHits> {
    return this.#call<SymbolHits>({ kind: 'lookup', query });
  }

  /** Undefined for a file whose language is not parsed. */
  outline(path: string): Promise<Outline | undefined> {
    return this.#call<Outline | undefined>({ kind: 'outline', path });
  }

  /** The innermost definition around each place, in their order. */
  enclosing(
    places: readonly { readonly path: string; readonly line: number }[],
  ): Promise<readonly (Extent | undefined)[]> {
    return this.#call<readonly (Extent | undefined)[]>({ kind: 'enclosing', places });
  }

  references(query: ReferenceQuery): Promise<ReferenceHits> {
    return this.#call<ReferenceHits>({ kind: 'references', query });
  }

  dependencies(wish: {
    readonly path: string;
    readonly depth: number;
    readonly direction: 'in' | 'out';
  }): Promise<DependencyGraph> {
    return this.#call<DependencyGraph>({ kind: 'dependencies', ...wish });
  }

  /** Definitions that do what a question is about, best first. */
  discover(query: DiscoveryQuery): Promise<readonly DiscoveredSymbol[]> {
    return this.#call<readonly DiscoveredSymbol[]>({ kind: 'discover', query });
  }

  /** Per file the number of definitions with each term in their name, as far as symbols are known by now. */
  termCounts(paths: readonly string[], terms: readonly string[]): Promise<readonly (readonly number[])[]> {
    return this.#call<readonly (readonly number[])[]>({ kind: 'termCounts', paths, terms });
  }

  /** Of the file at a path and of everything under it; of all without one. */
  counts(under = ''): Promise<SymbolCounts> {
    return this.#call<SymbolCounts>({ kind: 'counts', under });
  }

  /** Lets the thread give back what it holds, and ends it even when it is busy. */
  async close(): Promise<void> {
    if (this.#thread.isRunning) {
      const closed = this.#call<unknown>({ kind: 'close' }).catch(() => undefined);
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, CLOSE_MS);
      await Promise.race([closed, late]);
      clearTimeout(timer);
    }
    this.#isClosed = true;
    await this.#thread.terminate();
  }

  #call<Value>(call: SymbolCall): Promise<Value> {
    if (this.#isClosed) return Promise.reject(new Error('The symbols were closed.'));
    return this.#thread.ask<Value>({ call });
  }
}
