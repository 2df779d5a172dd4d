// What this process saw of canaries: three numbers per interval, brought to the store where all replicas' add up.
import type { Rollout } from '../definition/schema/rollout.ts';
import type { Step, Store } from '../store/store.ts';
import { windowStart } from './rollout-state.ts';
import { addSample } from './rollout-statements.ts';

/** Takes one finished call of a canary. Costs a few additions. */
export type Sampler = (durationMs: number, failed: boolean) => void;

/** What a process has counted and not yet brought to the store. */
export interface Samples {
  /** For the calls of one canary; nothing is counted while `isCounted` says so. */
  samplerFor(slug: string, rollout: Rollout, isCounted: () => boolean): Sampler;
  /** Brings what was counted to the store; what could not be brought is tried again with the next. */
  flush(): Promise<void>;
}

interface Count {
  readonly slug: string;
  readonly canary: string;
  readonly startedAt: number;
  requests: number;
  failures: number;
  slow: number;
}

/** Intervals that wait for a store that is away; older ones are of no use to an analysis that goes on. */
const WAITING_MAX = 1000;

/** `now` in epoch milliseconds, which replicas share. */
export function createSamples({
  store,
  now,
}: {
  readonly store: Pick<Store, 'write'>;
  readonly now: () => number;
}): Samples {
  let counts = new Map<string, Count>();
  const countOf = (slug: string, canary: string, startedAt: number): Count => {
    const key = `${slug}\0${canary}\0${startedAt}`;
    let count = counts.get(key);
    if (count === undefined) {
      count = { slug, canary, startedAt, requests: 0, failures: 0, slow: 0 };
      if (counts.size >= WAITING_MAX) counts.clear();
      counts.set(key, count);
    }
    return count;
  };
  return {
    samplerFor(slug, { canary, analysis }, isCounted) {
      let latest: Count | undefined;
      let owner: ReadonlyMap<string, Count> | undefined;
      return (durationMs, failed) => {
        if (!isCounted()) return;
        const startedAt = windowStart(now(), analysis.interval);
        if (latest === undefined || owner !== counts || latest.startedAt !== startedAt) {
          latest = countOf(slug, canary, startedAt);
          owner = counts;
        }
        latest.requests++;
        if (failed) latest.failures++;
        if (durationMs > analysis.maxP95Ms) latest.slow++;
      };
    },
    async flush() {
      if (counts.size === 0) return;
      const taken = counts;
      counts = new Map();
      try {
        // In the same order everywhere: replicas that lock rows crosswise would wait for each other.
        const keys = [...taken.keys()].sort();
        await store.write(
          'system',
          keys.flatMap((key) => stepsOf(taken.get(key))),
        );
      } catch (error) {
        for (const { slug, canary, startedAt, ...numbers } of taken.values()) {
          const count = countOf(slug, canary, startedAt);
          count.requests += numbers.requests;
          count.failures += numbers.failures;
          count.slow += numbers.slow;
        }
        throw error;
      }
    },
  };
}

function stepsOf(count: Count | undefined): Step[] {
  if (count === undefined) return [];
  const { startedAt, ...numbers } = count;
  return [{ statement: addSample, values: { ...numbers, started_at: startedAt } }];
}
