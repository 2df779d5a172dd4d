// Which worker runs which job: placing, waiting, growing and retiring. The pool's doors are in pool.ts.
import type { LRUCache } from 'lru-cache';
import { QuaysideError } from '../../errors.ts';
import type { Log } from '../../telemetry/log.ts';
import type { createInboxes } from './inbox.ts';
import type { Failure, FromWorker, ToWorker } from './messages.ts';
import { isCompatible, isCurrent, type ModuleVersion } from './module-version.ts';
import { PoolWorker, type WorkerProgram } from './pool-worker.ts';

/** Waiting calls; more would only time out. */
export const QUEUE_MAX = 1000;
/** Of the workers, and of the places in the queue, that no handler has alone: what all its calls hold, others can use. */
const RESERVED_SHARE = 1 / 4;
/** When no worker became free for so long, a waiting call lets the pool grow. */
const GROW_AFTER_MS = 10;

/** A job with what the pool needs to place it. */
export interface Job {
  readonly id: number;
  readonly message: ToWorker;
  readonly memoryMb: number;
  /** Undefined: a load, which wants a worker without stale files. */
  readonly version: ModuleVersion | undefined;
  readonly said: (
    message: FromWorker & { kind: 'remark' | 'ask' },
    answer: (message: ToWorker) => void,
  ) => void;
  readonly succeed: (message: FromWorker & { kind: 'loaded' | 'result' }, worker: PoolWorker) => void;
  readonly fail: (failure: Failure | Error) => void;
  worker: PoolWorker | undefined;
}

/** What the pool knows of its workers and of what waits for them. */
export interface PoolState {
  readonly program: WorkerProgram;
  readonly log: Log;
  readonly inboxes: ReturnType<typeof createInboxes>;
  /** Told when a worker was ended for what its handler did. */
  readonly onKill: ((reason: 'timeout' | 'memory') => void) | undefined;
  readonly size: number;
  readonly maxSize: number;
  readonly idleMs: number;
  /** All threads that have not ended yet, also those that are being ended. */
  readonly workers: Set<PoolWorker>;
  /** The last freed one is taken first, so that the others can end; first of all those stand that have given way. */
  readonly idle: PoolWorker[];
  readonly idleTimers: Map<PoolWorker, NodeJS.Timeout>;
  readonly queue: Job[];
  /** Workers that a handler may hold, by key of its version, where its calls had to be ended. */
  readonly shares: LRUCache<string, number>;
  growTimer: NodeJS.Timeout | undefined;
  /** `performance.now()` when a worker last became free: while that goes on, waiting is cheaper than growing. */
  freedAt: number;
  nextId: number;
  isClosed: boolean;
}

/** Starts the job, lets it wait, or fails it: `overloaded` when too many wait, `draining` after closing. */
export function submit(state: PoolState, job: Job): void {
  if (state.isClosed) {
    job.fail(new QuaysideError('draining'));
  } else if (!place(state, job)) {
    if (isQueueFullFor(state, job)) job.fail(new QuaysideError('overloaded'));
    else enqueue(state, job);
  }
}

function isQueueFullFor({ queue }: PoolState, { version }: Job): boolean {
  if (queue.length < shareOf(QUEUE_MAX)) return false;
  if (queue.length >= QUEUE_MAX) return true;
  const own = queue.filter((job) => job.version?.key === version?.key);
  return version !== undefined && own.length >= shareOf(QUEUE_MAX);
}

/** What one handler may have of `all`: everything where there is too little to keep some of it. */
function shareOf(all: number): number {
  return all - Math.floor(all * RESERVED_SHARE);
}

/**
 * A handler whose worker had to be ended may hold half as many as before, down to one, and each call that ends well
 * doubles it: a thread in its place takes 100 ms of the processor to start, more than most calls take at all.
 */
function adjustShare({ shares, maxSize }: PoolState, key: string | undefined, isKilled: boolean): void {
  const share = key === undefined ? undefined : shares.get(key);
  if (key === undefined || (share === undefined && !isKilled)) return;
  const before = share ?? shareOf(maxSize);
  const after = isKilled ? Math.max(1, before >> 1) : before * 2;
  if (after < shareOf(maxSize)) shares.set(key, after);
  else shares.delete(key);
}

/** Whether the handler of a job holds as many workers as it may. Threads that are being ended still count. */
function isAtShare({ workers, idle, maxSize, shares }: PoolState, { version }: Job): boolean {
  const share = (version && shares.get(version.key)) ?? shareOf(maxSize);
  if (version === undefined || workers.size - idle.length < share) return false;
  const held = [...workers].filter((worker) => worker.holder === version.key && !idle.includes(worker));
  return held.length >= share;
}

function enqueue(state: PoolState, job: Job): void {
  state.queue.push(job);
  scheduleGrowth(state);
}

/** True when the job was still waiting. */
export function withdraw(state: PoolState, job: Job): boolean {
  const index = state.queue.indexOf(job);
  if (index >= 0) state.queue.splice(index, 1);
  return index >= 0;
}

/**
 * Whether the last idle worker is not for this job: its handler has calls already that are not quick, so others, whose
 * calls may be, would wait behind it for a thread to start. It gets a new one while there may be more.
 */
function leavesLastIdle({ workers, idle, maxSize }: PoolState, { version }: Job): boolean {
  if (version === undefined || idle.length !== 1 || workers.size >= maxSize) return false;
  return [...workers].some(({ isSlow, holder }) => isSlow && holder === version.key);
}

/** Gives the job to a fitting idle worker or to a new one; false when it must wait. */
function place(state: PoolState, job: Job): boolean {
  if (isAtShare(state, job)) return false;
  const worker = leavesLastIdle(state, job) ? undefined : findIdle(state, job);
  if (worker !== undefined) {
    takeIdle(state, worker);
    begin(state, worker, job);
    return true;
  }
  // Idle workers that cannot take the job cost no processor, so they do not count against `size`.
  if (state.workers.size - state.idle.length >= state.size) return false;
  if (state.workers.size >= state.maxSize) {
    const useless = state.idle[0];
    if (useless === undefined) return false;
    takeIdle(state, useless);
    void useless.stop();
  }
  begin(state, addWorker(state, job.memoryMb), job);
  return true;
}

function findIdle(state: PoolState, job: Job): PoolWorker | undefined {
  const { version } = job;
  let fitting: PoolWorker | undefined;
  for (let index = state.idle.length - 1; index >= 0; index--) {
    const worker = state.idle[index];
    if (worker === undefined || worker.isRetired || worker.memoryMb !== job.memoryMb) continue;
    if (version === undefined) {
      if (isCurrent(worker.files)) return worker;
    } else if (worker.versions.has(version.key)) {
      return worker;
    } else if (fitting === undefined && isCompatible(worker.files, version)) {
      fitting = worker;
    }
  }
  return fitting;
}

function begin(state: PoolState, worker: PoolWorker, job: Job): void {
  job.worker = worker;
  worker.holder = job.version?.key;
  if (job.version !== undefined) worker.versions.add(job.version.key);
  worker.start({
    id: job.id,
    message: job.message,
    said: (message) => job.said(message, (answer) => worker.send(answer)),
    succeed(message) {
      adjustShare(state, job.version?.key, false);
      job.succeed(message, worker);
    },
    fail: job.fail,
  });
}

function addWorker(state: PoolState, memoryMb: number): PoolWorker {
  const worker = new PoolWorker({
    program: state.program,
    memoryMb,
    log: state.log,
    inboxes: state.inboxes,
    killed(reason) {
      adjustShare(state, worker.holder, true);
      state.onKill?.(reason);
    },
    freed(freed) {
      state.freedAt = performance.now();
      if (freed.hasGivenWay) state.idle.unshift(freed);
      else state.idle.push(freed);
      const timer = setTimeout(() => {
        takeIdle(state, freed);
        void freed.stop();
      }, state.idleMs);
      state.idleTimers.set(freed, timer.unref());
      pump(state);
    },
    ended(ended) {
      takeIdle(state, ended);
      state.workers.delete(ended);
      pump(state);
    },
  });
  state.workers.add(worker);
  return worker;
}

function takeIdle(state: PoolState, worker: PoolWorker): void {
  clearTimeout(state.idleTimers.get(worker));
  state.idleTimers.delete(worker);
  const index = state.idle.indexOf(worker);
  if (index >= 0) state.idle.splice(index, 1);
}

/** Places waiting jobs in their order, as far as that goes; those that are kept back let others pass. */
function pump(state: PoolState): void {
  const { queue } = state;
  const waiting = new Set<string | undefined>();
  for (let index = 0; index < queue.length && !state.isClosed; ) {
    const job = queue[index];
    if (job === undefined) return;
    if (waiting.has(job.version?.key)) {
      index += 1;
    } else if (place(state, job)) {
      queue.splice(index, 1);
    } else {
      if (!isAtShare(state, job) && !leavesLastIdle(state, job)) return;
      waiting.add(job.version?.key);
    }
  }
}

/** One more worker at a time, and none while one is still starting: a burst must not start a crowd. */
function scheduleGrowth(state: PoolState): void {
  if (state.growTimer !== undefined) return;
  state.growTimer = setTimeout(() => {
    state.growTimer = undefined;
    if (state.queue.length === 0 || state.isClosed) return;
    const index = state.queue.findIndex((waiting) => !isAtShare(state, waiting));
    const job = state.queue[index];
    // What becomes free for others does not help a job that is kept from it.
    const isFlowing =
      performance.now() - state.freedAt < GROW_AFTER_MS && !(job !== undefined && leavesLastIdle(state, job));
    const isStarting = [...state.workers].some((worker) => !worker.isOnline && !worker.isRetired);
    if (job !== undefined && !isFlowing && !isStarting && state.workers.size < state.maxSize) {
      state.queue.splice(index, 1);
      begin(state, addWorker(state, job.memoryMb), job);
    }
    if (state.queue.length > 0) scheduleGrowth(state);
  }, GROW_AFTER_MS);
}
