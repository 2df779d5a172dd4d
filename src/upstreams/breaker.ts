// Leaves an upstream alone that keeps failing: so many failures in a row, then a pause, then one trial.
import type { Clock } from '../clock.ts';
import { UpstreamError } from './upstream-error.ts';

export interface Breaker {
  readonly state: 'closed' | 'open' | 'half-open';
  /** Throws UpstreamError `unavailable` while nothing is let through. Who passes must tell what came of it. */
  admit(): void;
  succeeded(): void;
  failed(): void;
  /** Neither: what was let through came to no end that says anything, such as a cancellation. */
  undecided(): void;
}

/** `opened` is told each time that a series of failures opens it. */
export function createBreaker(options: {
  readonly failures: number;
  readonly cooldownMs: number;
  readonly clock: Clock;
  readonly opened: () => void;
}): Breaker {
  const { failures, cooldownMs, clock } = options;
  let inRow = 0;
  let openUntil: number | undefined;
  let isTrying = false;
  const stateNow = () => {
    if (openUntil === undefined) return 'closed';
    return isTrying || clock.monotonic() >= openUntil ? 'half-open' : 'open';
  };
  return {
    get state() {
      return stateNow();
    },
    admit() {
      if (openUntil === undefined) return;
      const leftMs = openUntil - clock.monotonic();
      if (leftMs > 0 || isTrying) {
        const when = leftMs > 0 ? `for ${Math.ceil(leftMs / 1000)} s more` : 'until a trial call has ended';
        throw new UpstreamError(
          'unavailable',
          `The upstream failed ${inRow} times in a row and is left alone ${when}.`,
        );
      }
      isTrying = true;
    },
    succeeded() {
      inRow = 0;
      openUntil = undefined;
      isTrying = false;
    },
    failed() {
      inRow += 1;
      const wasTrial = isTrying;
      isTrying = false;
      if (inRow < failures && !wasTrial) return;
      openUntil = clock.monotonic() + cooldownMs;
      options.opened();
    },
    undecided() {
      isTrying = false;
    },
  };
}
