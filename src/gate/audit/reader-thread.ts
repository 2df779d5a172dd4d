// The embedded audit file read by a thread of its own, which begins with the first question.
import type { Worker } from 'node:worker_threads';
import type { StoreRow, StoreValues } from '../../store/statement.ts';
import type { Scope } from '../../store/store.ts';
import { startReaderThread } from './audit-thread.ts';
import type { AuditReading } from './source.ts';

export interface ReadQuestion {
  readonly id: number;
  readonly scope: Scope;
  /** Name of the declared statement. */
  readonly statement: string;
  readonly values: StoreValues;
}

export type ReadAnswer =
  | { readonly id: number; readonly rows: readonly StoreRow[] }
  | { readonly id: number; readonly error: string };

interface Waiting {
  readonly resolve: (rows: readonly StoreRow[]) => void;
  readonly reject: (error: Error) => void;
}

/** Questions that may wait at a time: each holds a request that waits for it. */
const WAITING_MAX = 256;
/** A thread that nobody asks gives its memory back. */
const IDLE_MS = 5000;

/** Rejects a question when too many wait, or the file cannot be read. */
export function createThreadReading(path: string): AuditReading {
  const waiting = new Map<number, Waiting>();
  let thread: Worker | undefined;
  let lastId = 0;
  let idle: NodeJS.Timeout | undefined;

  const fail = (error: Error) => {
    thread = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const end = async () => {
    clearTimeout(idle);
    const ending = thread;
    thread = undefined;
    await ending?.terminate();
  };
  const start = (): Worker => {
    const started = startReaderThread(path);
    started.unref();
    started.on('message', (answer: ReadAnswer) => {
      const asker = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (waiting.size === 0) idle = setTimeout(() => void end(), IDLE_MS).unref();
      if ('rows' in answer) asker?.resolve(answer.rows);
      else asker?.reject(new Error(answer.error));
    });
    started.on('error', fail);
    started.on('exit', () => {
      if (thread === started) fail(new Error('The reader of the audit log has ended.'));
    });
    return started;
  };
  return {
    reprintsJson: false,
    read(scope, statement, values) {
      if (waiting.size >= WAITING_MAX)
        return Promise.reject(new Error('Too many questions wait for the audit log.'));
      clearTimeout(idle);
      thread ??= start();
      const asked = thread;
      const question: ReadQuestion = { id: ++lastId, scope, statement: statement.name, values };
      return new Promise((resolve, reject) => {
        waiting.set(question.id, { resolve, reject });
        asked.postMessage(question);
      });
    },
    close: end,
  };
}
