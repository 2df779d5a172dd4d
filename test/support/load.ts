// A steady stream of calls, and what became of each.
import type { CallAnswer } from './calls.ts';

export interface Load {
  /** Calls that were answered as they should be, so far. */
  readonly succeeded: number;
  /** What was wrong with the others; at most a hundred are kept. */
  readonly failures: readonly string[];
  /** Sends no more; resolves with the rate that was reached, when every call that was sent has ended. */
  stop(): Promise<{ readonly perSecond: number }>;
}

/** A server that hangs must not make the test hold calls without end. */
const IN_FLIGHT_MAX = 64;
const TICK_MS = 10;
const FAILURES_MAX = 100;

/** Calls `send` so often a second; what it resolves with must pass `check`, which says what is wrong otherwise. */
export function startLoad(options: {
  readonly perSecond: number;
  readonly send: (index: number) => Promise<CallAnswer>;
  readonly check: (answer: CallAnswer, index: number) => string | undefined;
}): Load {
  const { perSecond, send, check } = options;
  const startedAt = performance.now();
  const failures: string[] = [];
  let sent = 0;
  let inFlight = 0;
  let succeeded = 0;
  let idle: (() => void) | undefined;

  const fail = (failure: string) => {
    if (failures.length < FAILURES_MAX) failures.push(failure);
  };
  const callOnce = async (index: number) => {
    inFlight++;
    try {
      const wrong = check(await send(index), index);
      if (wrong === undefined) succeeded++;
      else fail(wrong);
    } catch (error) {
      fail(String(error));
    }
    inFlight--;
    if (inFlight === 0) idle?.();
  };
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) * perSecond) / 1000);
    // What a busy machine could not send in time is not sent late in one burst.
    if (due - sent > perSecond) sent = due - perSecond;
    while (sent < due && inFlight < IN_FLIGHT_MAX) void callOnce(sent++);
  }, TICK_MS);

  return {
    get succeeded() {
      return succeeded;
    },
    failures,
    async stop() {
      clearInterval(timer);
      const seconds = (performance.now() - startedAt) / 1000;
      if (inFlight > 0) await new Promise<void>((resolve) => (idle = resolve));
      return { perSecond: succeeded / seconds };
    },
  };
}
