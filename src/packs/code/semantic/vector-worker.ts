// Entry of the thread of the vectors, which serves every index of the process.
import { basename } from 'node:path';
import { parentPort } from 'node:worker_threads';
import type { ThreadAnswer } from '../index/engine/asked-thread.ts';
import type { Followed, VectorCall, VectorRequest } from './vector-messages.ts';
import { VectorStore } from './vector-store.ts';

const stores = new Map<string, VectorStore>();

parentPort?.on('message', ({ id, folder, call }: VectorRequest) => {
  try {
    answer({ id, value: perform(folder, call) });
  } catch (error) {
    answer({ id, failure: error instanceof Error ? error.message : String(error) });
  }
});

function perform(folder: string, call: VectorCall): unknown {
  if (call.kind === 'close') {
    stores.get(folder)?.close();
    stores.delete(folder);
    return undefined;
  }
  const store = stores.get(folder) ?? new VectorStore(folder);
  stores.set(folder, store);
  switch (call.kind) {
    case 'follow':
      return follow(folder, store, call.blobs);
    case 'add':
      for (const vectors of call.vectors) store.add(vectors);
      return undefined;
    case 'search':
      return store.search(call.query);
  }
}

function follow(folder: string, store: VectorStore, blobs: readonly string[]): Followed {
  const missing = new Set(store.follow(blobs));
  // Another branch or copy of the repository may have the same text: what was paid for once is not asked for again.
  for (const [other, sibling] of stores) {
    if (missing.size === 0 || !store.isWriter) break;
    if (other === folder || basename(other) !== basename(folder)) continue;
    for (const vectors of sibling.vectorsOf([...missing])) {
      store.add(vectors);
      missing.delete(vectors.blob);
    }
  }
  const { isWriter, dimension, chunks } = store;
  return { missing: [...missing], isWriter, dimension, chunks };
}

function answer(message: ThreadAnswer): void {
  parentPort?.postMessage(message);
}
