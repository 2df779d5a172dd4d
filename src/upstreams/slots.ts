// How many requests an upstream has at once; the others wait in order, so many and no more.
import { UpstreamError } from './upstream-error.ts';

/** Requests that one upstream has at once, by the kind of its place. */
export const REQUESTS_MAX = {
  /** Processes take requests one after the other from one pipe: more than this wait inside of them. */
  stdio: 64,
  /** Below the connections that the outbound client has for one origin (32), so that two upstreams of one host fit. */
  http: 14,
} as const;

/** Beyond, callers are told to come again. */
const WAITING_MAX = 256;

interface Waiting {
  readonly weight: number;
  begin(): void;
}

export interface Slots {
  readonly capacity: number;
  /**
   * Resolves with the way to give the place back. `alone` waits until nobody else has one, and keeps others out.
   * Rejects with UpstreamError `busy`, or `cancelled` when the signal aborts first.
   */
  acquire(options: {
    readonly alone: boolean;
    readonly signal: AbortSignal | undefined;
  }): Promise<() => void>;
  stats(): { readonly running: number; readonly waiting: number };
}

export function createSlots(capacity: number): Slots {
  const queue: Waiting[] = [];
  let taken = 0;
  let running = 0;

  function take(weight: number): () => void {
    taken += weight;
    running += 1;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      taken -= weight;
      running -= 1;
      admit();
    };
  }

  function admit(): void {
    for (let next = queue[0]; next !== undefined && taken + next.weight <= capacity; next = queue[0]) {
      queue.shift();
      next.begin();
    }
  }

  return {
    capacity,
    acquire({ alone, signal }) {
      const weight = alone ? capacity : 1;
      if (queue.length === 0 && taken + weight <= capacity) return Promise.resolve(take(weight));
      if (queue.length >= WAITING_MAX)
        return Promise.reject(new UpstreamError('busy', 'Too many calls wait for the upstream; try again.'));
      return new Promise((resolve, reject) => {
        const waiting: Waiting = {
          weight,
          begin() {
            signal?.removeEventListener('abort', leave);
            resolve(take(weight));
          },
        };
        function leave(): void {
          queue.splice(queue.indexOf(waiting), 1);
          reject(new UpstreamError('cancelled', 'The call was cancelled.', { cause: signal?.reason }));
          admit();
        }
        queue.push(waiting);
        signal?.addEventListener('abort', leave, { once: true });
      });
    },
    stats: () => ({ running, waiting: queue.length }),
  };
}
