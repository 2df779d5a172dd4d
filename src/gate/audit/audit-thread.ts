// The threads of the log: how they begin.
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { StateError } from '../../secrets/state-error.ts';
import type { FromWriter, WriterStart } from './messages.ts';

/** Records live for milliseconds; V8's own default would keep three times as much for nothing. */
const YOUNG_GENERATION_MB = 16;

/** Writes the log. */
export function startAuditThread(start: WriterStart): Worker {
  return startThread('worker', 'audit', start);
}

/** Reads the embedded file at `path`. */
export function startReaderThread(path: string): Worker {
  return startThread('reader-worker', 'audit-reader', path);
}

/** Rejects with StateError when the thread cannot open the log. */
export function threadReady(thread: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    thread.once('error', reject);
    thread.once('message', (message: FromWriter) => {
      if (message.kind !== 'refused') return resolve();
      void thread.terminate();
      reject(new StateError(message.message));
    });
  });
}

function startThread(module: string, name: string, workerData: WriterStart | string): Worker {
  // The ending is that of this file: in a package both are compiled.
  return new Worker(new URL(`./${module}${import.meta.filename.slice(-3)}`, import.meta.url), {
    workerData,
    execArgv: [],
    env: threadEnvironment(),
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    name,
  });
}

/** A thread takes the compile cache from its environment only; without it, it would compile everything again. */
function threadEnvironment(): NodeJS.ProcessEnv {
  const own = getCompileCacheDir();
  if (own === undefined || process.env.NODE_COMPILE_CACHE !== undefined) return process.env;
  return { ...process.env, NODE_COMPILE_CACHE: dirname(own) };
}
