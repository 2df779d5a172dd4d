// The symbols of one repository, as their callers see them. All work happens in a thread of their own.
import type { Worker } from 'node:worker_threads';
import { startThread } from '../index/engine/thread.ts';
import type { DiscoveryQuery } from './discovery.ts';
import type { SymbolFact } from './facts.ts';
import type {
  DependencyGraph,
  DiscoveredSymbol,
  Outline,
  ReferenceHits,
  ReferenceQuery,
  SymbolAnswer,
  SymbolCall,
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
  readonly #setup: SymbolSetup;
  readonly #pending = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  #worker: Worker | undefined;
  #nextId = 1;
  #isClosed = false;

  constructor(setup: SymbolSetup) {
    this.#setup = setup;
  }

  /** Brings the symbols to the newest state of the text index. */
  refresh(): Promise<SymbolState> {
    return this.#call<SymbolState>({ kind: 'refresh' });
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
  ): Promise<readonly (SymbolFact | undefined)[]> {
    return this.#call<readonly (SymbolFact | undefined)[]>({ kind: 'enclosing', places });
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

  counts(): Promise<SymbolCounts> {
    return this.#call<SymbolCounts>({ kind: 'counts' });
  }

  /** Lets the thread give back what it holds, and ends it even when it is busy. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker !== undefined) {
      const closed = this.#call<unknown>({ kind: 'close' }).catch(() => undefined);
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, CLOSE_MS);
      await Promise.race([closed, late]);
      clearTimeout(timer);
    }
    this.#isClosed = true;
    this.#worker = undefined;
    await worker?.terminate();
  }

  // The thread answers each call with the type its kind stands for; this is the border where that is believed.
  #call<T>(call: SymbolCall): Promise<T> {
    if (this.#isClosed) return Promise.reject(new Error('The symbols were closed.'));
    const worker = this.#thread();
    const id = this.#nextId++;
    if (this.#pending.size === 0) worker.ref();
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve: (value) => resolve(value as T), reject });
      worker.postMessage({ id, call });
    });
  }

  #thread(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = startThread('../../symbols/symbol-worker', this.#setup, HEAP_MB);
    worker.on('message', (answer: SymbolAnswer) => this.#settle(worker, answer));
    worker.on('error', (error) =>
      this.#end(worker, error instanceof Error ? error : new Error(String(error))),
    );
    worker.on('exit', () => this.#end(worker, new Error('The symbol thread ended.')));
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  #settle(worker: Worker, answer: SymbolAnswer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0) worker.unref();
    if ('failure' in answer) pending?.reject(new Error(answer.failure));
    else pending?.resolve(answer.value);
  }

  #end(worker: Worker, error: Error): void {
    if (this.#worker === worker) this.#worker = undefined;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
