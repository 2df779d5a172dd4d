// The keys that callers of this process are after right now: those who come second wait for the first, not for the store.
import type { Outcome } from '../../tool.ts';

/** What became of a flight: an outcome for all who wait, or nothing, and the next of them may try. */
export type Landing = { readonly outcome: Outcome } | 'vacated';

/** Somebody of this process asks for a key or runs its call. */
export interface Flight {
  /** Hash of the arguments. */
  readonly hash: string;
  /** Resolves with the landing, or undefined after `ms`. */
  wait(ms: number): Promise<Landing | undefined>;
  /** Tells all who wait. Only the first landing counts. */
  land(landing: Landing): void;
}

export interface Flights {
  get(place: string): Flight | undefined;
  /** There must be none at this place. */
  open(place: string, hash: string): Flight;
}

export function createFlights(): Flights {
  const flights = new Map<string, Flight>();
  return {
    get: (place) => flights.get(place),
    open(place, hash) {
      const { promise, resolve } = Promise.withResolvers<Landing>();
      const flight: Flight = {
        hash,
        wait: (ms) => within(promise, ms),
        land(landing) {
          if (flights.get(place) === flight) flights.delete(place);
          resolve(landing);
        },
      };
      flights.set(place, flight);
      return flight;
    },
  };
}

function within<Value>(promise: Promise<Value>, ms: number): Promise<Value | undefined> {
  if (ms <= 0) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), ms);
    void promise.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
