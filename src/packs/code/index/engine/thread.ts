// Starts the threads of the index. Their modules lie beside their callers, as source in development and compiled
// in the package.

import { getCompileCacheDir } from 'node:module';
import { Worker } from 'node:worker_threads';
import { startYielding } from '../../../../thread-priority.ts';

/** What every thread is given; `setup` is the thread's own. */
export interface ThreadData {
  readonly entry: string;
  /** Directory of the compile cache of the process, when it has one. */
  readonly compileCache: string | undefined;
  readonly setup: unknown;
}

/**
 * Starts a thread on the module `path`, given without extension and relative to this folder. `heapMb` bounds its
 * old-generation heap.
 */
export function startThread(path: string, setup: unknown, heapMb: number): Worker {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const entry = new URL(path + extension, import.meta.url).href;
  const data: ThreadData = { entry, compileCache: getCompileCacheDir(), setup };
  return new Worker(new URL(`./thread-start${extension}`, import.meta.url), {
    workerData: data,
    // Flags of the caller's command line, --input-type say, are not meant for this thread.
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
  });
}

/** The same for a thread that works ahead: nobody waits for it as for the thread that answers. */
export function startBackgroundThread(path: string, setup: unknown, heapMb: number): Worker {
  return startYielding(() => startThread(path, setup, heapMb)).worker;
}
