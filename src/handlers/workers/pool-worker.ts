// One worker thread as the pool sees it: what it has loaded, the one job it runs, how it ends.

import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { HandlerError } from '../../errors.ts';
import type { Log } from '../../telemetry/log.ts';
import { startYielding } from '../../thread-priority.ts';
import { logConsole } from './console-output.ts';
import type { createInboxes, Inbox } from './inbox.ts';
import { JobWatch } from './job-watch.ts';
import type { Failure, FromWorker, ToWorker } from './messages.ts';

/** Between telling a handler to stop and ending its thread; the thread is gone within 250 ms (spec servers §3.5). */
const GRACE_MS = 100;
/** V8's own limit lies so far above the one that is watched from outside (job-watch.ts). */
const MEMORY_HEADROOM_MB = 512;
/** Room for short-lived values, and for the stack of deep recursion; V8's own defaults are larger than needed. */
const YOUNG_GENERATION_MB = 16;

/** What a worker runs: a call or the first load of a module. */
export interface WorkerJob {
  readonly id: number;
  readonly message: ToWorker;
  /** Everything the worker says about this job except its end. */
  said(message: FromWorker & { kind: 'remark' | 'ask' }): void;
  succeed(message: FromWorker & { kind: 'loaded' | 'result' }): void;
  fail(failure: Failure | Error): void;
}

/** The program that the threads of a pool run. */
export interface WorkerProgram {
  /** Name of the threads, for diagnostics and messages. */
  readonly name: string;
  /** A worker file, in the form in which the product runs (see workerFile). */
  readonly file: URL;
  /** MiB of stack; V8's default when absent. */
  readonly stackSizeMb?: number;
  /** Compiled code that all threads share; asked for when one starts. */
  readonly code?: () => object;
  /** MiB that the thread needs besides `memoryMb`, which bounds what the author's code uses. Default 0. */
  readonly ownMb?: number;
}

export interface PoolWorkerDeps {
  readonly program: WorkerProgram;
  readonly memoryMb: number;
  readonly log: Log;
  readonly inboxes: ReturnType<typeof createInboxes>;
  /** The thread was ended for what its handler did. */
  killed(reason: 'timeout' | 'memory'): void;
  /** The worker may take another job. */
  freed(worker: PoolWorker): void;
  /** The thread has ended. */
  ended(worker: PoolWorker): void;
}

/** Starts its thread when made. Runs one job at a time, so that ending it ends nobody else's call. */
export class PoolWorker {
  readonly memoryMb: number;
  /** Path to signature of every file that was loaded, modules of packages excepted. */
  readonly files = new Map<string, string>();
  /** Keys of the module versions that ran or loaded here. */
  readonly versions = new Set<string>();
  /** Whose job it has, or had until it was told to end; undefined for a load. */
  holder: string | undefined;
  isOnline = false;
  /** Takes no more jobs and ends as soon as it is free. */
  isRetired = false;
  #job: WorkerJob | undefined;
  #stopTimer: NodeJS.Timeout | undefined;
  readonly #watch: JobWatch;
  readonly #worker: Worker;
  readonly #inbox: Inbox<FromWorker>;
  readonly #deps: PoolWorkerDeps;

  constructor(deps: PoolWorkerDeps) {
    this.#deps = deps;
    this.#inbox = deps.inboxes((message) => this.#take(message));
    this.memoryMb = deps.memoryMb;
    const { program } = deps;
    const start = () =>
      new Worker(program.file, {
        // Console output must not reach stdout: over stdio that is the protocol's.
        stdout: true,
        stderr: true,
        execArgv: [],
        env: workerEnvironment(),
        workerData: { memoryMb: deps.memoryMb, code: program.code?.() },
        resourceLimits: {
          maxOldGenerationSizeMb: deps.memoryMb + MEMORY_HEADROOM_MB,
          maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
          ...(program.stackSizeMb === undefined ? {} : { stackSizeMb: program.stackSizeMb }),
        },
        name: program.name,
      });
    const thread = startYielding(start);
    this.#worker = thread.worker;
    const allowedMb = deps.memoryMb + (program.ownMb ?? 0);
    this.#watch = new JobWatch({ thread, allowedMb, exceeded: () => this.#exceedMemory() });
    this.#worker.unref();
    this.#worker.on('online', () => {
      this.isOnline = true;
    });
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error) => this.#crash(error));
    this.#worker.on('exit', (code) => this.#exit(code));
    logConsole(this.#worker.stdout, 'stdout', deps.log);
    logConsole(this.#worker.stderr, 'stderr', deps.log);
  }

  /** Its job is not a quick one. */
  get isSlow(): boolean {
    return this.#watch.isSlow;
  }

  /** Stands behind all other threads for good, since a job of it kept a processor. */
  get hasGivenWay(): boolean {
    return this.#watch.hasGivenWay;
  }

  get isIdle(): boolean {
    return this.#job === undefined && !this.isRetired;
  }

  start(job: WorkerJob): void {
    this.#job = job;
    this.#worker.ref();
    this.#watch.begin();
    try {
      this.#worker.postMessage(job.message);
    } catch (error) {
      this.#finish();
      job.fail(
        new HandlerError('HANDLER_EXECUTION_ERROR', 'The arguments cannot be passed to the handler.', {
          cause: error,
        }),
      );
    }
  }

  #exceedMemory(): void {
    const job = this.#job;
    this.#job = undefined;
    this.#deps.killed('memory');
    void this.stop();
    job?.fail(this.#memoryError());
  }

  #memoryError(): HandlerError {
    return new HandlerError(
      'HANDLER_MEMORY_ERROR',
      `The handler used more than ${this.memoryMb} MB of memory.`,
      {
        details: { memoryMb: this.memoryMb },
      },
    );
  }

  send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  /**
   * Asks the job, if it still runs, to stop, and ends the thread if it does not. A job may be abandoned for several
   * reasons at once; a second timer would outlive the first and end the thread under the next job.
   */
  abandon(id: number, reason: string): void {
    if (this.#job?.id !== id || this.#stopTimer !== undefined) return;
    this.send({ kind: 'abort', id, reason });
    this.#stopTimer = setTimeout(() => {
      this.#deps.killed('timeout');
      void this.stop();
    }, GRACE_MS);
  }

  /** Ends the thread now, whatever it does. */
  async stop(): Promise<void> {
    this.isRetired = true;
    await this.#worker.terminate();
  }

  /** Remarks have their slice of each turn; what comes behind them waits with them, the end of the job too. */
  #receive(message: FromWorker): void {
    if (message.kind === 'remark' || !this.#inbox.isEmpty) this.#inbox.put(message);
    else this.#take(message);
  }

  #take(message: FromWorker): void {
    switch (message.kind) {
      case 'imported':
        for (const [path, signature] of message.files) this.files.set(path, signature);
        return;
      case 'stray':
        this.#deps.log.warn(
          { stack: message.failure.stack },
          'A handler left an error unhandled; its worker is replaced.',
        );
        this.#retire();
        return;
      case 'remark':
      case 'ask':
        if (message.id === this.#job?.id) this.#job.said(message);
        return;
      default:
        if (message.id === this.#job?.id) this.#end(message);
    }
  }

  #end(message: FromWorker & { kind: 'loaded' | 'result' | 'failed' }): void {
    // A module that failed once is cached as failed: the thread is of no use for the repaired one.
    if (message.kind === 'failed' && this.#job?.message.kind === 'load') this.isRetired = true;
    const job = this.#finish();
    if (message.kind === 'failed') job?.fail(message.failure);
    else job?.succeed(message);
  }

  #finish(): WorkerJob | undefined {
    const job = this.#job;
    this.#job = undefined;
    clearTimeout(this.#stopTimer);
    this.#stopTimer = undefined;
    this.#watch.end();
    this.#worker.unref();
    if (this.isRetired) void this.stop();
    else this.#deps.freed(this);
    return job;
  }

  #retire(): void {
    this.isRetired = true;
    if (this.#job === undefined) void this.stop();
  }

  #crash(error: unknown): void {
    this.isRetired = true;
    this.#watch.end();
    const job = this.#job;
    this.#job = undefined;
    const isMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    if (isMemory) this.#deps.killed('memory');
    const failure = isMemory
      ? this.#memoryError()
      : new HandlerError('HANDLER_EXECUTION_ERROR', 'The worker of the handler failed.', {
          ...UNKNOWN_EFFECT,
          cause: error,
        });
    if (job === undefined) this.#deps.log.warn({ err: error }, 'A worker of handlers failed while idle.');
    else job.fail(failure);
  }

  #exit(code: number): void {
    // A handler may answer and end its thread: the answer counts.
    for (const message of this.#inbox.clear()) if (message.kind !== 'remark') this.#take(message);
    this.isRetired = true;
    clearTimeout(this.#stopTimer);
    this.#watch.end();
    const job = this.#job;
    this.#job = undefined;
    job?.fail(
      new HandlerError(
        'HANDLER_EXECUTION_ERROR',
        `The handler ended its worker (exit code ${code}).`,
        UNKNOWN_EFFECT,
      ),
    );
    this.#deps.ended(this);
  }
}

/** Nobody saw how far the handler came (gate/idempotency/effect.ts). */
const UNKNOWN_EFFECT = { details: { effect: 'unknown' } };

/** `worker` beside a module, in the form in which the product runs: TypeScript from a clone, JavaScript from a package. */
export function workerFile(moduleUrl: string): URL {
  return new URL(moduleUrl.endsWith('.ts') ? './worker.ts' : './worker.js', moduleUrl);
}

/** With the compile cache a worker skips the TypeScript parser, which doubles its memory. */
function workerEnvironment(): NodeJS.ProcessEnv {
  const own = getCompileCacheDir();
  if (own === undefined || process.env.NODE_COMPILE_CACHE !== undefined) return process.env;
  return { ...process.env, NODE_COMPILE_CACHE: dirname(own) };
}
