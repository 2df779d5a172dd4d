// A few child processes that run SQLite statements for the whole process; a runaway statement ends by killing its child.
// Children start on first use, stay warm between calls, and leave when nothing needed them for a while.
import { type ChildProcess, fork } from 'node:child_process';
import { type Cancellation, DatabaseError, type QueryResult } from '../database.ts';
import { Watch } from '../watch.ts';
import type { ChildAnswer, ChildRequest } from './child-message.ts';

/** Spec sql §6: 200 concurrent callers add no error. Beyond that the next is refused at once instead of piling up. */
const MAX_WAITING = 250;
/** A child takes about 45 MiB, so an idle one is given up after this long. */
const IDLE_MS = 60_000;
/** V8 heap of a child: results are bounded by maxBytes, the rest of its memory is SQLite's own. */
const CHILD_HEAP_MB = 128;

interface Job {
  readonly request: ChildRequest;
  child: Child | undefined;
  settle(outcome: QueryResult | DatabaseError): void;
}

interface Child {
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
  job: Job | undefined;
  idleTimer: NodeJS.Timeout | undefined;
}

/** At most `size` children; none before the first run. */
export class ChildPool {
  readonly #size: number;
  readonly #children = new Set<Child>();
  readonly #waiting: Job[] = [];
  #lastId = 0;
  #closed = false;
  #replacing = false;

  constructor(options: { readonly size: number }) {
    this.#size = options.size;
  }

  /**
   * Runs one statement within `timeoutMs`, waiting included. Rejects with DatabaseError: `busy` (queue full),
   * `timeout` and `cancelled` (the child is killed), `memory` (the child ended by itself), else what the
   * statement's own failure was.
   */
  run(
    request: Omit<ChildRequest, 'id'>,
    timeoutMs: number,
    cancellation: Cancellation | undefined,
  ): Promise<QueryResult> {
    if (this.#closed) return Promise.reject(new DatabaseError('unavailable', 'The database is closed.'));
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(new DatabaseError('busy', 'Too many statements are waiting; try again.'));
    }
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      const watch = new Watch(timeoutMs, cancellation);
      const job: Job = { request: { ...request, id: this.#lastId }, child: undefined, settle };
      watch.set((reason) => this.#abandon(job, reason));
      this.#waiting.push(job);
      this.#dispatch();

      function settle(outcome: QueryResult | DatabaseError): void {
        watch.end();
        if (outcome instanceof DatabaseError) reject(outcome);
        else resolve(outcome);
      }
    });
  }

  stats(): { readonly size: number; readonly idle: number; readonly waiting: number } {
    const idle = [...this.#children].filter((child) => child.job === undefined).length;
    return { size: this.#children.size, idle, waiting: this.#waiting.length };
  }

  /** Ends whatever runs and waits until the last child is gone. */
  async close(): Promise<void> {
    this.#closed = true;
    const closed = new DatabaseError('cancelled', 'The database was closed.');
    for (const job of this.#waiting.splice(0)) job.settle(closed);
    const ends = [...this.#children].map((child) => {
      child.process.ref();
      this.#remove(child, closed);
      return child.ended;
    });
    await Promise.all(ends);
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const child = this.#idleChild() ?? (this.#children.size < this.#size ? this.#start() : undefined);
      const job = child === undefined ? undefined : this.#waiting.shift();
      if (child === undefined || job === undefined) return;
      clearTimeout(child.idleTimer);
      child.job = job;
      job.child = child;
      child.process.send(job.request, (error) => {
        // The child is gone; its exit settles the job.
        if (error !== null) child.process.kill('SIGKILL');
      });
    }
  }

  #idleChild(): Child | undefined {
    for (const child of this.#children) if (child.job === undefined) return child;
    return undefined;
  }

  #start(): Child {
    const process = forkChild();
    const { promise: ended, resolve: onEnded } = Promise.withResolvers<void>();
    const child: Child = { process, ended, job: undefined, idleTimer: undefined };
    this.#children.add(child);
    this.#rest(child);
    process.on('message', (message) => this.#finish(child, parseAnswer(message)));
    process.on('error', () => process.kill('SIGKILL'));
    process.once('exit', () => {
      onEnded();
      const message = 'The statement ended its worker, most likely out of memory.';
      this.#remove(child, new DatabaseError('memory', message));
    });
    return child;
  }

  #rest(child: Child): void {
    child.job = undefined;
    child.idleTimer = setTimeout(() => this.#remove(child), IDLE_MS).unref();
  }

  #finish(child: Child, answer: ChildAnswer): void {
    const { job } = child;
    if (job === undefined || job.request.id !== answer.id) return;
    this.#rest(child);
    job.settle('result' in answer ? answer.result : failureOf(answer.error));
    this.#dispatch();
  }

  /** Ends a job that waits or runs, with the child that runs it. */
  #abandon(job: Job, reason: DatabaseError): void {
    const { child } = job;
    if (child === undefined) this.#waiting.splice(this.#waiting.indexOf(job), 1);
    else this.#remove(child);
    job.settle(reason);
  }

  #remove(child: Child, reason?: DatabaseError): void {
    if (!this.#children.delete(child)) return;
    clearTimeout(child.idleTimer);
    child.process.kill('SIGKILL');
    const wasBusy = child.job !== undefined;
    if (reason !== undefined) child.job?.settle(reason);
    child.job = undefined;
    if (wasBusy && !this.#closed) this.#replaceSoon();
  }

  /**
   * Starts a child in the place of one that was killed at work, so that the pool stays warm. Not at once: when many
   * deadlines pass together, those who wait must be gone before a child is started for them.
   */
  #replaceSoon(): void {
    if (this.#replacing) return;
    this.#replacing = true;
    setImmediate(() => {
      this.#replacing = false;
      if (this.#closed) return;
      this.#dispatch();
      if (this.#idleChild() === undefined && this.#children.size < this.#size) this.#start();
    });
  }
}

function forkChild(): ChildProcess {
  // The sibling has this file's own ending: .ts from a clone, .js once compiled.
  const isSource = import.meta.url.endsWith('.ts');
  const module = isSource ? new URL('./child.ts', import.meta.url) : new URL('./child.js', import.meta.url);
  const child = fork(module, {
    // An empty environment: user SQL runs here and no secret is needed.
    env: {},
    execArgv: [`--max-old-space-size=${CHILD_HEAP_MB}`, '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  // A waiting caller keeps the process alive by its own timer; an idle child must not.
  child.unref();
  child.channel?.unref();
  return child;
}

/** Only child.ts writes to this channel, so the shape is certain. */
function parseAnswer(message: unknown): ChildAnswer {
  return message as ChildAnswer;
}

function failureOf(error: Extract<ChildAnswer, { error: unknown }>['error']): DatabaseError {
  return new DatabaseError(error.kind, error.message, new Error(error.detail));
}
