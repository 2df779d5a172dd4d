// Values of an outside flag service, kept per subject so that no call ever waits for it.
import { LRUCache } from 'lru-cache';
import type { Log } from '../../telemetry/log.ts';
import type { FlagSubject } from '../flag.ts';
import { type EvaluateRemotely, FlagSourceError } from './ofrep.ts';

/** Asked again on the first use after this: a change is visible well within 5 s (governance §10.2). */
const FRESH_MS = 2000;
/** Subjects whose values are kept; whoever comes back later is asked for anew. */
const SUBJECTS_MAX = 10_000;
/** Requests at once; beyond it a subject waits for its next use. */
const REQUESTS_MAX = 16;
/** How long a service that failed is left alone. */
const RETRY_MS = 5000;

/** What an outside service says of flags. */
export interface RemoteFlags {
  /** What is known now, or undefined: nothing yet, or the service does not know the flag or is lost. */
  value(key: string, subject: FlagSubject): boolean | undefined;
  /** Why own flags hold, or undefined while the service answers. */
  problem(): string | undefined;
}

export interface RemoteFlagsDeps {
  readonly evaluate: EvaluateRemotely;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonic: () => number;
  readonly log: Pick<Log, 'warn' | 'info'>;
}

interface Known {
  readonly values: ReadonlyMap<string, boolean>;
  readonly at: number;
}

/** Asks when a subject is first seen, and again as it is used. */
export function createRemoteFlags({ evaluate, monotonic, log }: RemoteFlagsDeps): RemoteFlags {
  const known = new LRUCache<string, Known>({ max: SUBJECTS_MAX });
  const asking = new Set<string>();
  let problem: string | undefined;
  let pausedUntil = Number.NEGATIVE_INFINITY;

  const ask = async (name: string, subject: FlagSubject): Promise<void> => {
    asking.add(name);
    try {
      const values = await evaluate(subject);
      known.set(name, { values, at: monotonic() });
      if (problem !== undefined) log.info({}, 'The flag service answers again; its values hold.');
      problem = undefined;
    } catch (error) {
      const pauseMs = (error instanceof FlagSourceError ? error.retryAfterMs : undefined) ?? RETRY_MS;
      pausedUntil = monotonic() + pauseMs;
      // Values of a service that is gone would never change again: the product's own flags can be changed.
      known.clear();
      const message = error instanceof Error ? error.message : String(error);
      if (problem === undefined)
        log.warn(
          { reason: message },
          "The flag service cannot be asked; the product's own flags and defaults hold.",
        );
      problem = message;
    } finally {
      asking.delete(name);
    }
  };

  return {
    value(key, subject) {
      const name = nameOf(subject);
      const found = known.get(name);
      const now = monotonic();
      const isDue = found === undefined || now - found.at >= FRESH_MS;
      if (isDue && now >= pausedUntil && !asking.has(name) && asking.size < REQUESTS_MAX)
        void ask(name, subject);
      return found?.values.get(key);
    },
    problem: () => problem,
  };
}

function nameOf({ tenantId, userId = '', keyId = '' }: FlagSubject): string {
  return `${tenantId}\0${userId}\0${keyId}`;
}
