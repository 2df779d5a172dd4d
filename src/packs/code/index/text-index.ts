// The text index of one tree, as its callers see it. All work happens in the engine's thread; this side only
// sends calls and matches answers, so the caller's event loop is never held up.

import type { Worker } from 'node:worker_threads';
import type { BuildProgress, BuildReport } from './build-report.ts';
import type {
  Beginning,
  EngineAnswer,
  EngineCall,
  EngineNews,
  EngineProgress,
  EngineRequest,
  EngineSetup,
  FileSelection,
} from './engine/engine-messages.ts';
import { startThread } from './engine/thread.ts';
import type { FileChanges } from './file-changes.ts';
import { type IntakeRules, toIntakeRules } from './intake/intake-rules.ts';
import type { FileRecord } from './store/file-record.ts';
import { isTextIndexErrorCode, TextIndexError } from './text-index-error.ts';
import type { LineRange, SearchOptions, SearchResult, TextQuery } from './text-query.ts';

/** Where an index lives and what it covers. */
export interface TextIndexOptions {
  /** Directory of the index files; made when missing. Nothing else may be kept in it. */
  readonly directory: string;
  /** Directory of the tree to search. */
  readonly root: string;
  /** Which files are searched; defaults as in IntakeRules. */
  readonly rules?: Partial<IntakeRules>;
  /** Threads that parse files during a build; default 2. */
  readonly threads?: number;
  /** Told of what happens while the tree is watched. */
  readonly onNews?: (news: EngineNews) => void;
}

/** Counts and sizes of the current state. */
export interface IndexStats {
  /** 0 when nothing was built yet. */
  readonly generation: number;
  readonly files: number;
  /** Files by FileStatus: what is missing from answers, and why. */
  readonly filesByStatus: Readonly<Record<string, number>>;
  /** Bytes of the indexed files on disk. */
  readonly sourceBytes: number;
  readonly segments: number;
  /** Bytes of content in segments: equal files once, replaced content until it is merged away. */
  readonly contentBytes: number;
  readonly postingBytes: number;
  readonly diskBytes: number;
  /** Why the last background merge failed; it is tried again after the next write. */
  readonly mergeFailure?: string;
}

/** The text of one file as it is indexed. */
export interface IndexedText {
  readonly path: string;
  /** Git blob id. */
  readonly blob: string;
  readonly text: string;
  readonly generation: number;
}

/** Opens an index, building nothing yet; what an earlier process built is searchable at once. */
export function openTextIndex(options: TextIndexOptions): TextIndex {
  return new TextIndex(options);
}

/** Threads that parse files unless configured: two saturate the disks of small machines. */
const THREADS = 2;
/** Old-generation heap of the engine's thread: room for the tables of a million files. */
const HEAP_MB = 1024;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A handle; many may read one directory, one may write. Errors are {@link TextIndexError}. */
export class TextIndex {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #onProgress: ((progress: BuildProgress) => void) | undefined;
  #ended: TextIndexError | undefined;

  constructor(options: TextIndexOptions) {
    const setup: EngineSetup = {
      directory: options.directory,
      root: options.root,
      rules: toIntakeRules(options.rules ?? {}),
      threads: options.threads ?? THREADS,
    };
    this.#worker = startThread('./engine-worker', setup, HEAP_MB);
    this.#worker.on('message', (message: EngineAnswer | EngineNews | EngineProgress) => {
      if ('news' in message) options.onNews?.(message);
      else if ('progress' in message) this.#onProgress?.(message.progress);
      else this.#settle(message);
    });
    this.#worker.on('error', (error) =>
      this.#end('worker_failed', `The index thread failed: ${String(error)}; open it again.`),
    );
    this.#worker.on('exit', () => this.#end('index_closed', 'The index was closed; open it again.'));
    this.#worker.unref();
  }

  /**
   * Becomes the writer of this index and stays it until closed; the other calls that write do so by themselves. With a
   * beginning the index takes over files of another one; false where it could not, and then nothing is changed.
   * @throws TextIndexError `index_locked` when another process is the writer.
   */
  async claim(beginning?: Beginning): Promise<boolean> {
    return this.#call<boolean>({ kind: 'claim', beginning });
  }

  /**
   * Brings the index up to date with the whole tree: reads only files whose size or times changed.
   * Searches are answered from the previous state meanwhile. With `follow` the tree is watched from now on, and every
   * change told as news once it is searchable. `onProgress` is told how far this build is: ask for one at a time.
   * @throws TextIndexError `index_locked` when another process writes this index.
   */
  async build(
    options: { readonly follow?: boolean; readonly onProgress?: (progress: BuildProgress) => void } = {},
  ): Promise<BuildReport> {
    this.#onProgress = options.onProgress;
    return this.#call<BuildReport>({ kind: 'build', follow: options.follow === true });
  }

  /** Brings the named paths up to date; they are searchable when the promise resolves. */
  async update(changes: FileChanges): Promise<BuildReport> {
    return this.#call<BuildReport>({ kind: 'update', changes });
  }

  /**
   * Searches the current state.
   * @throws TextIndexError for a bad pattern, a missing index, or `aborted`.
   */
  async search(query: TextQuery, options: SearchOptions = {}): Promise<SearchResult> {
    const { signal, ...rest } = options;
    return this.#call<SearchResult>({ kind: 'search', query, options: rest }, signal);
  }

  /** The indexed text of one file. @throws TextIndexError `unknown_file`. */
  async read(path: string): Promise<IndexedText> {
    return this.#call<IndexedText>({ kind: 'read', path });
  }

  /**
   * Lines of files, one list per range, without their ends and cut after 4,096 units; empty for a file that is not in
   * the index.
   */
  async excerpts(wanted: readonly LineRange[]): Promise<readonly (readonly string[])[]> {
    return this.#call<readonly (readonly string[])[]>({ kind: 'excerpts', wanted });
  }

  /**
   * Every file of the tree with its status, sorted by path; or the one at a path, or those at and under one; or searchable ones whose path holds
   * what was typed, whatever its case, those that begin with it first.
   */
  async files(wanted?: FileSelection): Promise<readonly FileRecord[]> {
    return this.#call<readonly FileRecord[]>({ kind: 'files', wanted });
  }

  /** Counts and sizes. */
  async stats(): Promise<IndexStats> {
    return this.#call<IndexStats>({ kind: 'stats' });
  }

  /** Verifies every checksum on disk. @throws TextIndexError `index_corrupt`. */
  async verify(): Promise<void> {
    await this.#call<unknown>({ kind: 'verify' });
  }

  /** Stops a running build, closes the files and ends the thread. Calling it again is harmless. */
  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    await this.#call<unknown>({ kind: 'close' });
    await this.#worker.terminate();
  }

  // The engine answers each call with the type its kind stands for; this is the border where that is believed.
  #call<T>(call: EngineCall, signal?: AbortSignal): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    if (signal?.aborted === true)
      return Promise.reject(new TextIndexError('aborted', 'The search was aborted by its caller.'));
    const id = this.#nextId++;
    const onAbort = (): void => this.#send({ abort: id });
    signal?.addEventListener('abort', onAbort, { once: true });
    // The thread keeps the process alive only while somebody waits for it.
    if (this.#pending.size === 0) this.#worker.ref();
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve: (value) => resolve(value as T), reject });
      this.#send({ id, call });
    }).finally(() => signal?.removeEventListener('abort', onAbort));
  }

  #send(request: EngineRequest): void {
    this.#worker.postMessage(request);
  }

  #settle(answer: EngineAnswer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0) this.#worker.unref();
    if (!('error' in answer)) pending?.resolve(answer.value);
    else {
      const { code, message, position } = answer.error;
      const known = isTextIndexErrorCode(code) ? code : 'worker_failed';
      pending?.reject(new TextIndexError(known, message, position === undefined ? {} : { position }));
    }
  }

  #end(code: 'worker_failed' | 'index_closed', message: string): void {
    this.#ended ??= new TextIndexError(code, message);
    for (const pending of this.#pending.values()) pending.reject(this.#ended);
    this.#pending.clear();
  }
}
