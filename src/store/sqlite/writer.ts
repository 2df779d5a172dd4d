// The main loop's side of the one writer: what arrives while a group is on its way forms the next group.
import { getCompileCacheDir } from 'node:module';
import { Worker } from 'node:worker_threads';
import { StoreUnavailable } from '../store.ts';
import type { GroupOutcome, GroupStep } from './group.ts';
import type { FromWriter, ToWriter, WriterData } from './writer-thread.ts';

/** A group this large gains nothing from being larger, and delays its first caller. */
const GROUP_WRITES_MAX = 512;
/** Beyond it callers would wait for seconds; they are told so instead. */
const WAITING_WRITES_MAX = 20_000;

export interface Writer {
  /** Resolves once the write is on the disk, or with why it is not. Rejects with StoreUnavailable. */
  write(steps: readonly GroupStep[]): Promise<GroupOutcome>;
  problem(): string | undefined;
  /** Resolves when what was accepted is written. */
  close(): Promise<void>;
}

interface Waiting {
  readonly steps: readonly GroupStep[];
  readonly resolve: (outcome: GroupOutcome) => void;
  readonly reject: (error: Error) => void;
}

/** The thread starts with the first write: a process that only reads pays nothing for it. */
export function createWriter(path: string, textOf: (statement: number) => string): Writer {
  let worker: Worker | undefined;
  /** Statements whose text the present thread has. */
  let known = new Set<number>();
  let waiting: Waiting[] = [];
  let sent: readonly Waiting[] = [];
  let isScheduled = false;
  let failure: string | undefined;
  let isClosed = false;
  let onIdle: (() => void) | undefined;

  function start(): Worker {
    known = new Set();
    const data: WriterData = { path, compileCache: getCompileCacheDir() };
    const started = new Worker(new URL(`./writer-thread${import.meta.url.slice(-3)}`, import.meta.url), {
      workerData: data,
      name: 'store-writer',
    });
    // The caller that waits for an answer keeps the process alive, the thread by itself does not.
    started.unref();
    started.on('message', (outcomes: FromWriter) => settle(outcomes));
    started.on('error', (error) => lose(started, error.message));
    started.on('exit', () => lose(started, 'its thread ended'));
    return started;
  }

  function settle(outcomes: FromWriter): void {
    const group = sent;
    sent = [];
    failure = undefined;
    worker?.unref();
    for (const [index, { resolve, reject }] of group.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) reject(new StoreUnavailable('The writer gave no answer.'));
      else resolve(outcome);
    }
    flush();
  }

  /** What was under way may have been written or not; what waits goes to the next thread. */
  function lose(lost: Worker, reason: string): void {
    if (worker !== lost) return;
    worker = undefined;
    if (!isClosed) failure = `The writer of the store failed: ${reason}`;
    const group = sent;
    sent = [];
    for (const { reject } of group) reject(new StoreUnavailable(failure ?? 'The store is closed.'));
    flush();
  }

  function schedule(): void {
    if (isScheduled || sent.length > 0) return;
    isScheduled = true;
    // After the loop's present turn, so that its callers share one group.
    setImmediate(flush);
  }

  function flush(): void {
    isScheduled = false;
    if (sent.length > 0) return;
    if (waiting.length === 0) {
      onIdle?.();
      return;
    }
    sent = waiting.slice(0, GROUP_WRITES_MAX);
    waiting = waiting.slice(GROUP_WRITES_MAX);
    worker ??= start();
    worker.ref();
    const message: ToWriter = sent.map(({ steps }) => steps.map(withText));
    worker.postMessage(message);
  }

  function withText(step: GroupStep): GroupStep {
    if (known.has(step.statement)) return step;
    known.add(step.statement);
    return { ...step, text: textOf(step.statement) };
  }

  return {
    write(steps) {
      if (isClosed) return Promise.reject(new StoreUnavailable('The store is closed.'));
      if (waiting.length >= WAITING_WRITES_MAX)
        return Promise.reject(new StoreUnavailable('Too many writes wait for the disk.'));
      return new Promise((resolve, reject) => {
        waiting.push({ steps, resolve, reject });
        schedule();
      });
    },
    problem: () => failure,
    async close() {
      isClosed = true;
      if (sent.length > 0 || waiting.length > 0) {
        await new Promise<void>((resolve) => {
          onIdle = resolve;
        });
      }
      const last = worker;
      if (last === undefined) return;
      const ended = new Promise((resolve) => last.once('exit', resolve));
      last.ref();
      const end: ToWriter = undefined;
      last.postMessage(end);
      await ended;
    },
  };
}
