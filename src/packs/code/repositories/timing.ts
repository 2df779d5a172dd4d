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

/** Resolves when `work` does, or after `waitMs`, whichever is first. `work` must not reject. */
export async function waitUpTo(clock: Clock, waitMs: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(waitMs, resolve);
  await Promise.race([promise, work]);
  cancel();
}
