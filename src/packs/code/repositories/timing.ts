// Doing something again and again, and waiting no longer than so long.
import type { Clock } from '../../../clock.ts';

/** Runs every `everyMs` after the end of the run before; returns the way to stop. `run` must not reject. */
export function repeat(clock: Clock, everyMs: number, run: () => Promise<unknown>): () => void {
  let isStopped = false;
  let cancel: () => void = () => undefined;
  const next = () => {
    cancel = clock.after(everyMs, () => {
      void run().then(() => {
        if (!isStopped) next();
      });
    });
  };
  next();
  return () => {
    isStopped = true;
    cancel();
  };
}

/** What one owner does again and again, until it stops that or everything. */
export interface Repeats {
  /** As {@link repeat}. */
  start(everyMs: number, run: () => Promise<unknown>): () => void;
  /** Something else that ends with everything. */
  add(stop: () => void): void;
  stopAll(): void;
}

/** Starts with nothing. */
export function createRepeats(clock: Clock): Repeats {
  const stops = new Set<() => void>();
  return {
    start(everyMs, run) {
      const end = repeat(clock, everyMs, run);
      const stop = () => {
        stops.delete(stop);
        end();
      };
      stops.add(stop);
      return stop;
    },
    add: (stop) => void stops.add(stop),
    stopAll() {
      for (const stop of [...stops]) stop();
      stops.clear();
    },
  };
}

/** Resolves when `work` does, or after `waitMs`, whichever is first. `work` must not reject. */
export async function waitUpTo(clock: Clock, waitMs: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(waitMs, resolve);
  await Promise.race([promise, work]);
  cancel();
}
