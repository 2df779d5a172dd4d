// A clock that only moves when it is told to.
import type { Clock } from '../../src/clock.ts';

export interface FakeClock extends Clock {
  /** Lets time pass, runs what falls due in order, and what follows from it in the same turn of the loop. */
  pass(milliseconds: number): Promise<void>;
  /** Sets the wall clock without letting time pass. */
  step(milliseconds: number): void;
}

export function createFakeClock(start: number = Date.UTC(2026, 10, 20)): FakeClock {
  let elapsed = 0;
  let offset = start;
  const timers = new Map<number, { readonly at: number; readonly run: () => void }>();
  let nextId = 0;
  return {
    now: () => offset + elapsed,
    monotonic: () => elapsed,
    after(milliseconds, run) {
      const id = nextId++;
      timers.set(id, { at: elapsed + milliseconds, run });
      return () => timers.delete(id);
    },
    step(milliseconds) {
      offset += milliseconds;
    },
    async pass(milliseconds) {
      const end = elapsed + milliseconds;
      await settle();
      for (;;) {
        const due = [...timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
        if (due === undefined) break;
        timers.delete(due[0]);
        elapsed = Math.max(elapsed, due[1].at);
        due[1].run();
        await settle();
      }
      elapsed = end;
    },
  };
}

/** Lets promises that are due settle; nothing in it waits for real time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
