// Lets threads give way to the one that answers everybody. Linux keeps a nice value for each thread (setpriority(2),
// "C library/kernel differences"); elsewhere, where it is that of the process, all of this does nothing.

import { readdirSync, readFileSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
import type { Worker } from 'node:worker_threads';

/** Of a thread that only gets what others leave. */
const LOWEST = constants.priority.PRIORITY_LOW;
/** Below the process by this much: a tenth of the weight of the thread that answers, when both want the processor. */
const BEHIND = constants.priority.PRIORITY_BELOW_NORMAL;
const THREADS = '/proc/self/task';
const NANOS_PER_MS = 1e6;

/** A thread that works behind the one that started it. */
export interface YieldingThread {
  readonly worker: Worker;
  /** Milliseconds that it has had a processor; undefined where the system does not tell. */
  cpuMs(): number | undefined;
  /** Puts it behind all other threads, until it ends: a process may not take that back. */
  giveWay(): void;
}

/**
 * Starts a thread behind the calling one. What a thread does before its first line, which is most of its start, has
 * the lower priority already: that is why it is set from outside.
 */
export function startYielding(start: () => Worker): YieldingThread {
  const before = threads();
  const worker = start();
  const started = threads().filter((thread) => !before.includes(thread));
  // Where another thread came at the same moment nobody knows which is which, and none is touched.
  const id = started.length === 1 ? started[0] : undefined;
  let isRunning = id !== undefined;
  // The system gives the number of an ended thread to another.
  worker.once('exit', () => {
    isRunning = false;
  });
  const lower = (priority: number) => {
    if (isRunning) tryTo(() => setPriority(Number(id), Math.max(getPriority(), priority)));
  };
  lower(BEHIND);
  return {
    worker,
    cpuMs: () =>
      isRunning
        ? tryTo(
            () => Number(readFileSync(`${THREADS}/${id}/schedstat`, 'latin1').split(' ')[0]) / NANOS_PER_MS,
          )
        : undefined,
    giveWay: () => lower(LOWEST),
  };
}

function threads(): readonly string[] {
  return process.platform === 'linux' ? (tryTo(() => readdirSync(THREADS)) ?? []) : [];
}

/** A sandbox may forbid any of this: then threads share the processor as equals, as they do elsewhere. */
function tryTo<Value>(action: () => Value): Value | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
