// Looks at a job that is not quick: how much memory its thread holds, and how much of a processor it takes.

import type { YieldingThread } from '../../thread-priority.ts';

/**
 * How often the memory of a running job is looked at. V8 aborts the whole process where one allocation (a growing
 * Map, a doubling array) overshoots the limit of a worker, so the bound is watched from outside, and V8's own limit
 * lies well above it: within one interval no code allocates that much.
 */
const INTERVAL_MS = 50;
/**
 * The first two looks come sooner where a thread need not start first. A job that kept a processor for half of the time
 * between two looks makes its thread give way.
 */
const FIRST_LOOKS_MS = 10;
const HOG_SHARE = 1 / 2;
const BYTES_PER_MB = 1024 * 1024;

export interface JobWatchOptions {
  readonly thread: YieldingThread;
  /** MiB that the thread may hold; buffers outside the heap count too. */
  readonly allowedMb: number;
  /** It holds more. The watch of this job has ended. */
  readonly exceeded: () => void;
}

/** Watches one job after the other of one thread. */
export class JobWatch {
  /** The job runs longer than a quick one does. */
  isSlow = false;
  /** The thread stands behind all others for good. */
  hasGivenWay = false;
  readonly #options: JobWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  /** Changes with each job. */
  #watched = {};
  /** A job has ended: nothing of the thread's start is left in the time of the next. */
  #hasServed = false;

  constructor(options: JobWatchOptions) {
    this.#options = options;
  }

  /** A job begins. Quick ones end before the first look. */
  begin(): void {
    this.#watched = {};
    this.#look(this.#watched, 0);
  }

  /** The job, if there is one, has ended. */
  end(): void {
    clearTimeout(this.#timer);
    this.#watched = {};
    this.isSlow = false;
    this.#hasServed = true;
  }

  #look(watched: object, looks: number, cpuBefore?: number): void {
    const waitMs = looks < 2 && this.#hasServed ? FIRST_LOOKS_MS : INTERVAL_MS;
    this.#timer = setTimeout(async () => {
      const { thread, allowedMb, exceeded } = this.#options;
      this.isSlow = true;
      const cpu = thread.cpuMs();
      if (cpu !== undefined && cpuBefore !== undefined && cpu - cpuBefore > waitMs * HOG_SHARE) {
        this.hasGivenWay = true;
        thread.giveWay();
      }
      const used = await usedBytes(thread);
      if (this.#watched !== watched) return;
      if (used <= allowedMb * BYTES_PER_MB) this.#look(watched, looks + 1, cpu);
      else exceeded();
    }, waitMs);
  }
}

async function usedBytes({ worker }: YieldingThread): Promise<number> {
  try {
    const { used_heap_size: heap, external_memory: external } = await worker.getHeapStatistics();
    return heap + external;
  } catch {
    // The thread is ending; its end is reported by its own event.
    return 0;
  }
}
