// Judges what all replicas counted of the canaries. One process does it at a time: jobs see to that.
import type { Rollout } from '../definition/schema/rollout.ts';
import { QuaysideError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { RolloutDirectory } from './rollout-directory.ts';
import { analysed, type RolloutState, windowStart } from './rollout-state.ts';
import { readSamples, removeSamples } from './rollout-statements.ts';

/** What replicas counted arrives within a second; with the look for what is due, a verdict takes under 3 s. */
const GRACE_MS = 1500;

export interface AnalyserDeps {
  readonly store: Pick<Store, 'read'>;
  readonly directory: Pick<RolloutDirectory, 'find' | 'refresh' | 'put'>;
  /** Of the definition in force. */
  readonly rolloutOf: (slug: string) => Rollout | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** A verdict was stored. */
  readonly judged: (slug: string, before: RolloutState, after: RolloutState) => void;
}

/** What judges rollouts, wherever it runs. */
export interface Analyser {
  /** Whether an interval has ended that nobody judged. */
  isDue(slug: string): boolean;
  /** Judges every interval that has ended. Does nothing when another process was faster. */
  analyse(slug: string): Promise<void>;
}

/** Judges by what is stored; all replicas may have one. */
export function createAnalyser({ store, directory, rolloutOf, now, judged }: AnalyserDeps): Analyser {
  const running = (slug: string) => {
    const rollout = rolloutOf(slug);
    const stored = rollout === undefined ? undefined : directory.find(slug, rollout);
    if (rollout === undefined || stored?.state.status !== 'running') return undefined;
    const { state, revision } = stored;
    const until = windowStart(now() - GRACE_MS, rollout.analysis.interval);
    return until > state.analysedUntil ? { rollout, state, until, seen: revision } : undefined;
  };
  return {
    isDue: (slug) => running(slug) !== undefined,
    async analyse(slug) {
      await directory.refresh();
      const due = running(slug);
      if (due === undefined) return;
      const { rollout, state, until, seen } = due;
      const rows = await store.read('system', readSamples, {
        slug,
        canary: rollout.canary,
        since: state.analysedUntil,
      });
      const samples = rows.map(({ started_at, requests, failures, slow }) => ({
        startedAt: Number(started_at),
        requests: Number(requests),
        failures: Number(failures),
        slow: Number(slow),
      }));
      const after = analysed(state, rollout, { samples, until });
      const clean = { statement: removeSamples, values: { slug, before: until } };
      try {
        await directory.put(slug, after, { id: 'rollout', now: now(), seen }, [clean]);
      } catch (error) {
        // Somebody else judged or decided meanwhile; what they left is looked at with the next interval.
        if (error instanceof QuaysideError && error.code === 'conflict') return;
        throw error;
      }
      judged(slug, state, after);
    },
  };
}
