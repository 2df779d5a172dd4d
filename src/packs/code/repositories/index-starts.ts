// How often, and how many at once, whole repositories are brought up to date because somebody asks for it (spec code §6).
import type { Clock } from '../../../clock.ts';

/** In any minute; whoever comes later waits for a turn. */
export const STARTS_MAX = 10;
const WINDOW_MS = 60_000;
/** At once: each build has two threads of its own (spec operations §7). */
const PARALLEL_MAX = 2;

/** Turns of one process, given in the order in which they were asked for. */
export interface IndexStarts {
  /** Who waits for a turn. */
  readonly waiting: number;
  /** Resolves with the way to end the turn. Rejects with the signal's reason when it aborts first. */
  turn(signal: AbortSignal): Promise<() => void>;
}

/** Nothing was started yet. */
export function createIndexStarts(clock: Clock): IndexStarts {
  const queue: (() => void)[] = [];
  /** Times of the last starts, oldest first. */
  let started: number[] = [];
  let running = 0;
  let cancelTimer: (() => void) | undefined;

  const giveTurns = () => {
    cancelTimer?.();
    cancelTimer = undefined;
    const now = clock.monotonic();
    started = started.filter((at) => at > now - WINDOW_MS);
    while (queue.length > 0 && running < PARALLEL_MAX && started.length < STARTS_MAX) {
      running++;
      started.push(now);
      queue.shift()?.();
    }
    const [oldest] = started;
    if (queue.length > 0 && started.length >= STARTS_MAX && oldest !== undefined)
      cancelTimer = clock.after(oldest + WINDOW_MS - now, giveTurns);
  };
  /** Ends a turn once, however often it is called. */
  const endOnce = () => {
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      running--;
      giveTurns();
    };
  };

  return {
    get waiting() {
      return queue.length;
    },
    turn(signal) {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<() => void>();
      const take = () => {
        signal.removeEventListener('abort', leave);
        resolve(endOnce());
      };
      const leave = () => {
        queue.splice(queue.indexOf(take), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      queue.push(take);
      giveTurns();
      return promise;
    },
  };
}
