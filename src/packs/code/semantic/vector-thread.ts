// The thread of the vectors, as its callers see it: started when first needed, one for all indexes of the process.
import { AskedThread } from '../index/engine/asked-thread.ts';
import type { BlobVectors } from './vector-file.ts';
import type { Followed, Found, VectorCall } from './vector-messages.ts';

/** Old-generation heap: where the vectors of a million blobs lie. The vectors themselves are read in windows. */
const HEAP_MB = 512;

/** Rejects with an Error when the thread fails; the next call starts it again. */
export class VectorThread {
  readonly #thread = new AskedThread({
    path: '../../semantic/vector-worker',
    heapMb: HEAP_MB,
    ended: 'The thread of the vectors ended.',
  });

  /** Tells the store which blobs there are; answers which have no vectors. */
  follow(folder: string, blobs: readonly string[]): Promise<Followed> {
    return this.#call<Followed>(folder, { kind: 'follow', blobs });
  }

  async add(folder: string, vectors: readonly BlobVectors[]): Promise<void> {
    await this.#call<unknown>(folder, { kind: 'add', vectors });
  }

  search(folder: string, query: Extract<VectorCall, { kind: 'search' }>['query']): Promise<Found> {
    return this.#call<Found>(folder, { kind: 'search', query });
  }

  /** Closes the files of one store. */
  async release(folder: string): Promise<void> {
    if (this.#thread.isRunning) await this.#call<unknown>(folder, { kind: 'close' });
  }

  /** Ends the thread; whatever was asked is refused. */
  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  #call<Value>(folder: string, call: VectorCall): Promise<Value> {
    return this.#thread.ask<Value>({ folder, call });
  }
}
