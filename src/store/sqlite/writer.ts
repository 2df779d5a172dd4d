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
/** A thread without work gives its memory back; starting another takes some 50 ms. */
const IDLE_MS = 10_000;

interface Waiting {
  readonly steps: readonly GroupStep[];
  readonly resolve: (outcome: GroupOutcome) => void;
  readonly reject: (error: Error) => void;
}

/** Its thread starts with a write and ends when there is none for a while: a process that only reads pays nothing. */
export class Writer {
  readonly #path: string;
  readonly #textOf: (statement: number) => string;
  #worker: Worker | undefined;
  /** Statements whose text the present thread has. */
  #known = new Set<number>();
  #waiting: Waiting[] = [];
  #sent: readonly Waiting[] = [];
  #isScheduled = false;
  #failure: string | undefined;
  #isClosed = false;
  #onIdle: (() => void) | undefined;
  #idle: NodeJS.Timeout | undefined;
  /** A thread that was told to end, until it has. */
  #ending: Promise<unknown> = Promise.resolve();

  /** `textOf` gives the text of a statement by the number that steps name it with. */
  constructor(path: string, textOf: (statement: number) => string) {
    this.#path = path;
    this.#textOf = textOf;
  }

  /** Resolves once the write is on the disk, or with why it is not. Rejects with StoreUnavailable. */
  write(steps: readonly GroupStep[]): Promise<GroupOutcome> {
    if (this.#isClosed) return Promise.reject(new StoreUnavailable('The store is closed.'));
    if (this.#waiting.length >= WAITING_WRITES_MAX)
      return Promise.reject(new StoreUnavailable('Too many writes wait for the disk.'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ steps, resolve, reject });
      if (this.#isScheduled || this.#sent.length > 0) return;
      this.#isScheduled = true;
      // After the loop's present turn, so that its callers share one group.
      setImmediate(() => this.#flush());
    });
  }

  problem(): string | undefined {
    return this.#failure;
  }

  /** Resolves when what was accepted is written. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#sent.length > 0 || this.#waiting.length > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    this.#endWorker();
    await this.#ending;
  }

  /** It closes its connection first, which a termination would not. */
  #endWorker(): void {
    clearTimeout(this.#idle);
    const last = this.#worker;
    if (last === undefined) return;
    this.#worker = undefined;
    this.#ending = new Promise((resolve) => last.once('exit', resolve));
    last.ref();
    const end: ToWriter = undefined;
    last.postMessage(end);
  }

  #flush(): void {
    this.#isScheduled = false;
    if (this.#sent.length > 0) return;
    if (this.#waiting.length === 0) {
      this.#onIdle?.();
      return;
    }
    clearTimeout(this.#idle);
    this.#sent = this.#waiting.slice(0, GROUP_WRITES_MAX);
    this.#waiting = this.#waiting.slice(GROUP_WRITES_MAX);
    this.#worker ??= this.#start();
    // The caller that waits for an answer keeps the process alive, the thread by itself does not.
    this.#worker.ref();
    const message: ToWriter = this.#sent.map(({ steps }) => steps.map((step) => this.#withText(step)));
    this.#worker.postMessage(message);
  }

  #withText(step: GroupStep): GroupStep {
    if (this.#known.has(step.statement)) return step;
    this.#known.add(step.statement);
    return { ...step, text: this.#textOf(step.statement) };
  }

  #start(): Worker {
    this.#known = new Set();
    const workerData: WriterData = { path: this.#path, compileCache: getCompileCacheDir() };
    // The same ending as this file's: `.ts` from the sources, `.js` from the package.
    const entry = new URL(`./writer-thread${import.meta.url.slice(-3)}`, import.meta.url);
    const worker = new Worker(entry, { workerData, name: 'store-writer' });
    worker.on('message', (outcomes: FromWriter) => this.#settle(outcomes));
    worker.on('error', (error) => this.#lose(worker, error.message));
    worker.on('exit', () => this.#lose(worker, 'its thread ended'));
    return worker;
  }

  #settle(outcomes: FromWriter): void {
    const group = this.#sent;
    this.#sent = [];
    this.#failure = undefined;
    this.#worker?.unref();
    this.#idle = setTimeout(() => this.#endWorker(), IDLE_MS).unref();
    for (const [index, { resolve, reject }] of group.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) reject(new StoreUnavailable('The writer gave no answer.'));
      else {
        if ('failed' in outcome) this.#failure = `The last write failed: ${outcome.failed}`;
        resolve(outcome);
      }
    }
    this.#flush();
  }

  /** What was under way may have been written or not; what waits goes to the next thread. */
  #lose(lost: Worker, reason: string): void {
    if (this.#worker !== lost) return;
    this.#worker = undefined;
    if (!this.#isClosed) this.#failure = `The writer of the store failed: ${reason}`;
    const group = this.#sent;
    this.#sent = [];
    for (const { reject } of group) reject(new StoreUnavailable(this.#failure ?? 'The store is closed.'));
    this.#flush();
  }
}
