// Worker threads that run code of authors, shared by all servers and plans of the process; one pool per program.
//
// One call at a time per worker: a thread can only be ended as a whole, and nobody else's call may end with it.
// A handler that waits therefore occupies a worker; calls that wait longer than a moment let the pool grow beyond
// the number of processors, up to a bound. Measured on Node 24: 11 MB and 65 ms per worker, 23 MB and 130 ms
// where the TypeScript parser is loaded; 16 workers hold 180 MB. What mostly waits belongs into an `http` handler.
import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { LRUCache } from 'lru-cache';
import { HandlerError, QuaysideError } from '../../errors.ts';
import type { Log } from '../../telemetry/log.ts';
import { type HandlerTarget, showTarget, sourceOf } from './handler-target.ts';
import { createInboxes } from './inbox.ts';
import type { CallInput, Failure, FromWorker, ToWorker } from './messages.ts';
import { createVersion, isCurrent, type ModuleVersion } from './module-version.ts';
import type { WorkerProgram } from './pool-worker.ts';
import { type Job, type PoolState, QUEUE_MAX, submit, withdraw } from './scheduler.ts';

/** From here on an operator should know: half of what may wait at all. */
const QUEUE_PROBLEM = QUEUE_MAX / 2;
/** Handlers of whose kills the pool keeps a memory; versions that are gone fall out. */
const SHARES_MAX = 1000;

export interface WorkerPoolOptions {
  readonly program: WorkerProgram;
  readonly log: Log;
  /** Told when a worker was ended for what its handler did. */
  readonly onKill?: (reason: 'timeout' | 'memory') => void;
  /** Workers that are started without hesitation; default the number of processors, at least 2. */
  readonly size?: number;
  /** Most workers while calls wait; default 16, at least `size`. */
  readonly maxSize?: number;
  /** Milliseconds until a worker without work ends; default 30,000. */
  readonly idleMs?: number;
  /** Milliseconds that a module may take to load when a plan is built; default 10,000. */
  readonly loadTimeoutMs?: number;
}

export interface PoolCall {
  readonly version: ModuleVersion;
  readonly target: HandlerTarget;
  readonly input: CallInput;
  readonly memoryMb: number;
  readonly signal: AbortSignal;
  /** Everything the handler says and asks; `answer` sends a reply. */
  said(message: FromWorker & { kind: 'remark' | 'ask' }, answer: (message: ToWorker) => void): void;
}

/** The worker threads, and what they are asked to do. */
export interface WorkerPool {
  /**
   * Loads the module once to see that it works; an unchanged one is not loaded again. Throws HandlerError
   * HANDLER_LOAD_ERROR or HANDLER_SYNTAX_ERROR with `file:line`.
   */
  load(target: HandlerTarget, memoryMb: number): Promise<ModuleVersion>;
  /** Resolves with the result as JSON. Rejects with a Failure, an Error, or the signal's reason. */
  run(call: PoolCall): RunningPoolCall;
  readonly stats: { readonly workers: number; readonly busy: number; readonly queued: number };
  /** What keeps calls waiting, in words for the operator; undefined while all is well. */
  problem(): string | undefined;
  /** Ends all workers; calls that still run fail. */
  close(): Promise<void>;
}

export interface RunningPoolCall {
  readonly outcome: Promise<string>;
  /** Stops the call; its outcome rejects with `reason`. */
  abandon(reason: unknown): void;
}

/** Starts empty; workers come with the first load. */
export function createWorkerPool(options: WorkerPoolOptions): WorkerPool {
  // V8 of Node 24 drops the interrupt check of some unrolled loops, such as `for (;;) new Array(1000).fill({})`:
  // a worker in one could never be ended. The flag holds for code compiled from now on, in every thread.
  setFlagsFromString('--no-turboshaft-loop-unrolling');
  const size = options.size ?? Math.max(2, availableParallelism());
  const state: PoolState = {
    program: options.program,
    log: options.log,
    inboxes: createInboxes(),
    onKill: options.onKill,
    size,
    maxSize: Math.max(size, options.maxSize ?? 16),
    idleMs: options.idleMs ?? 30_000,
    workers: new Set(),
    idle: [],
    idleTimers: new Map(),
    queue: [],
    shares: new LRUCache({ max: SHARES_MAX }),
    growTimer: undefined,
    freedAt: 0,
    nextId: 1,
    isClosed: false,
  };
  const versions = new Map<string, ModuleVersion>();
  const loading = new Map<string, Promise<ModuleVersion>>();
  const loadTimeoutMs = options.loadTimeoutMs ?? 10_000;

  async function load(target: HandlerTarget, memoryMb: number): Promise<ModuleVersion> {
    const key = JSON.stringify(target);
    const known = versions.get(key);
    if (known !== undefined && isCurrent(known.files)) return known;
    const version = await loadModule(state, target, { memoryMb, loadTimeoutMs });
    versions.set(key, version);
    return version;
  }

  return {
    load(target, memoryMb) {
      // Several tools of one export, or several plans at once: one load.
      const key = JSON.stringify(target);
      const running = loading.get(key) ?? load(target, memoryMb).finally(() => loading.delete(key));
      loading.set(key, running);
      return running;
    },
    run: (call) => runCall(state, call),
    get stats() {
      const workers = state.workers.size;
      return { workers, busy: workers - state.idle.length, queued: state.queue.length };
    },
    problem() {
      if (state.queue.length < QUEUE_PROBLEM) return undefined;
      return `${state.queue.length} calls of ${state.program.name} handlers wait; all ${state.workers.size} workers are busy.`;
    },
    async close() {
      state.isClosed = true;
      clearTimeout(state.growTimer);
      for (const job of state.queue.splice(0)) job.fail(new QuaysideError('draining'));
      await Promise.all([...state.workers].map((worker) => worker.stop()));
    },
  };
}

function loadModule(
  state: PoolState,
  target: HandlerTarget,
  { memoryMb, loadTimeoutMs }: { readonly memoryMb: number; readonly loadTimeoutMs: number },
): Promise<ModuleVersion> {
  return new Promise((resolve, reject) => {
    const id = state.nextId++;
    const job: Job = {
      id,
      message: { kind: 'load', id, target },
      memoryMb,
      version: undefined,
      said: () => undefined,
      succeed(message, worker) {
        clearTimeout(timer);
        const { files, names = [] } = message.kind === 'loaded' ? message : { files: [] };
        const version = createVersion(sourceOf(target), new Map(files), names);
        worker.versions.add(version.key);
        resolve(version);
      },
      fail(failure) {
        clearTimeout(timer);
        reject(toLoadFailure(failure, target));
      },
      worker: undefined,
    };
    const timer = setTimeout(() => {
      withdraw(state, job);
      void job.worker?.stop();
      const message = `${showTarget(target)} did not finish loading within ${loadTimeoutMs} ms.`;
      reject(new HandlerError('HANDLER_LOAD_ERROR', message));
    }, loadTimeoutMs);
    submit(state, job);
  });
}

/** A worker that dies while loading says how it died, not which module it loaded. */
function toLoadFailure(failure: Failure | Error, target: HandlerTarget): Error {
  if (failure instanceof QuaysideError) return failure;
  if (failure instanceof HandlerError) {
    return new HandlerError(
      'HANDLER_LOAD_ERROR',
      `${showTarget(target)} could not be loaded: ${failure.message}`,
      {
        cause: failure,
      },
    );
  }
  if (failure instanceof Error) return failure;
  const code = failure.code === 'HANDLER_SYNTAX_ERROR' ? 'HANDLER_SYNTAX_ERROR' : 'HANDLER_LOAD_ERROR';
  return new HandlerError(code, failure.message, {
    ...(failure.details === undefined ? {} : { details: failure.details }),
    cause: failure.stack,
  });
}

function runCall(state: PoolState, call: PoolCall): RunningPoolCall {
  const { signal } = call;
  const id = state.nextId++;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const job: Job = {
    id,
    message: { kind: 'call', id, target: call.target, input: call.input },
    memoryMb: call.memoryMb,
    version: call.version,
    said: call.said,
    succeed(message) {
      signal.removeEventListener('abort', onAbort);
      resolve(message.kind === 'result' ? message.json : '');
    },
    fail(failure) {
      signal.removeEventListener('abort', onAbort);
      reject(failure);
    },
    worker: undefined,
  };
  const abandon = (reason: unknown) => {
    signal.removeEventListener('abort', onAbort);
    reject(reason);
    if (!withdraw(state, job))
      job.worker?.abandon(id, reason instanceof Error ? reason.message : 'The call has ended.');
  };
  const onAbort = () => abandon(signal.reason);
  if (signal.aborted) {
    reject(signal.reason);
  } else {
    signal.addEventListener('abort', onAbort, { once: true });
    submit(state, job);
  }
  return { outcome: promise, abandon };
}
