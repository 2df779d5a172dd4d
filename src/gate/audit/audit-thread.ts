// The thread that writes the log: how it begins.
import { Worker } from 'node:worker_threads';
import { StateError } from '../../secrets/state-error.ts';
import type { FromWriter, WriterStart } from './messages.ts';

export function startAuditThread(start: WriterStart): Worker {
  // The ending is that of this file: in a package both are compiled.
  return new Worker(new URL(`./worker${import.meta.filename.slice(-3)}`, import.meta.url), {
    workerData: start,
    execArgv: [],
    name: 'audit',
  });
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
