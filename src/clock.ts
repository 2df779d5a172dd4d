// Time as the operations see it, so that tests can let it pass.
import { performance } from 'node:perf_hooks';

/** Time, handed in so that tests can let it pass. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds of a clock that nobody sets. */
  monotonic(): number;
  /**
   * Calls `run` once after `milliseconds`. Returns the way to prevent it. Keeps the process alive only with
   * `keepsAlive`.
   */
  after(milliseconds: number, run: () => void, options?: { readonly keepsAlive: boolean }): () => void;
}

/** The machine's own clocks and the runtime's timers. */
export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  after(milliseconds, run, options) {
    const timer = setTimeout(run, milliseconds);
    if (options?.keepsAlive !== true) timer.unref();
    return () => clearTimeout(timer);
  },
};
