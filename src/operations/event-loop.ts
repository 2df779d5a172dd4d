// How long the event loop is held up, measured by the runtime.
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How late the loop was in one period, in milliseconds. */
export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** A running measurement of the event loop. */
export interface EventLoopMonitor {
  /** Starts a new period. */
  sinceLastCheck(): LoopDelay;
  /** The same period again. */
  current(): LoopDelay;
  stop(): void;
}

/** Milliseconds between two samples: 50 wake-ups a second cost nothing that shows. */
const RESOLUTION_MS = 20;

/** Starts measuring; `stop` ends it. */
export function createEventLoopMonitor(): EventLoopMonitor {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  const current = (): LoopDelay => ({
    p50Ms: toDelay(histogram.percentile(50)),
    p99Ms: toDelay(histogram.percentile(99)),
    maxMs: toDelay(histogram.max),
  });
  return {
    current,
    sinceLastCheck() {
      const delay = current();
      histogram.reset();
      return delay;
    },
    stop() {
      histogram.disable();
    },
  };
}

/** Each sample holds the time between two ticks, the resolution included. Nanoseconds in, milliseconds out. */
function toDelay(nanoseconds: number): number {
  if (!Number.isFinite(nanoseconds)) return 0;
  return Math.max(0, Math.round(nanoseconds / 1e4) / 100 - RESOLUTION_MS);
}
