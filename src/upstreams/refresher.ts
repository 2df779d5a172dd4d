// When lists are read again: on a hint of the upstream, and now and then. An upstream that hints or changes without end
// is asked ever less often.
import type { Clock } from '../clock.ts';

/** Definitions can change without a word: this is how long a pinned tool may, at most, before it is noticed. */
const EVERY_MS = 300_000;
const GAP_MS = 500;
const GAP_MS_MAX = 60_000;
/** So long without a change, and hints are followed quickly again. */
const CALM_MS = 60_000;

export interface Refresher {
  start(): void;
  /** The upstream said that something has changed. */
  hint(): void;
  stop(): void;
}

/** `refresh` resolves with whether anything had changed; that it cannot be read is told elsewhere. */
export function createRefresher(options: {
  readonly clock: Clock;
  readonly refresh: () => Promise<boolean>;
}): Refresher {
  const { clock } = options;
  let cancel: (() => void) | undefined;
  let isRunning = false;
  let wasHinted = false;
  let gapMs = GAP_MS;
  let lastRun = Number.NEGATIVE_INFINITY;
  let isStopped = false;

  function schedule(waitMs: number): void {
    cancel?.();
    if (!isStopped) cancel = clock.after(waitMs, () => void run());
  }

  async function run(): Promise<void> {
    isRunning = true;
    wasHinted = false;
    // Doubled by a change that comes soon after the last one, and by hints with nothing behind them.
    const isCalm = clock.monotonic() - lastRun > CALM_MS;
    lastRun = clock.monotonic();
    gapMs = isCalm ? GAP_MS : Math.min(gapMs * 2, GAP_MS_MAX);
    await options.refresh().catch(() => false);
    isRunning = false;
    schedule(wasHinted ? gapMs : EVERY_MS);
  }

  return {
    start() {
      schedule(EVERY_MS);
    },
    hint() {
      if (wasHinted) return;
      wasHinted = true;
      if (isRunning) return;
      const since = clock.monotonic() - lastRun;
      schedule(Math.max(0, (since > CALM_MS ? 0 : gapMs) - since));
    },
    stop() {
      isStopped = true;
      cancel?.();
    },
  };
}
