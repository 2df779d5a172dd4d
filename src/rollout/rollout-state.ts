// How far a rollout is, and every step it can take. Pure: the store and the clock are elsewhere.
import type { Rollout } from '../definition/schema/rollout.ts';
import { QuaysideError } from '../errors.ts';

/** `paused` keeps its weight; `promoted` and `aborted` are ends, the second of which may be started again. */
export const ROLLOUT_STATUSES = ['running', 'paused', 'promoted', 'aborted'] as const;

/** Where the canary of a slug stands. Times in epoch milliseconds. */
export interface RolloutState {
  readonly stable: string;
  readonly canary: string;
  readonly status: (typeof ROLLOUT_STATUSES)[number];
  /** Index of the stage in force. */
  readonly stage: number;
  /** Percent of callers that get the canary. */
  readonly weight: number;
  /** Since when this stage has gone without a failed analysis. */
  readonly calmSince: number;
  /** Failed analyses of this stage. */
  readonly failed: number;
  /** Everything counted before this is judged. */
  readonly analysedUntil: number;
  /** Why it stands as it does, in words. */
  readonly reason: string;
}

const MINUTE_MS = 60_000;

/** Starts with the first stage, or goes on where it was paused. Throws `conflict`. */
export function started(before: RolloutState | undefined, rollout: Rollout, now: number): RolloutState {
  const { stable, canary, stages, analysis } = rollout;
  if (before?.status === 'running') throw conflict('The rollout runs already.');
  if (before?.status === 'promoted') throw conflict(`The version ${canary} is the stable one already.`);
  const fresh = { calmSince: now, failed: 0, analysedUntil: windowStart(now, analysis.interval) };
  if (before?.status === 'paused') return { ...before, ...fresh, status: 'running', reason: 'resumed' };
  return atStage(
    { stable, canary, status: 'running', stage: 0, weight: 0, reason: 'started', ...fresh },
    0,
    stages,
  );
}

/** Throws `conflict` unless it runs. */
export function paused(before: RolloutState | undefined): RolloutState {
  if (before?.status !== 'running') throw conflict('No rollout runs.');
  return { ...before, status: 'paused', reason: 'paused' };
}

/** To the next stage, or to all at once. Throws `conflict` where nothing is under way. */
export function promoted(
  before: RolloutState | undefined,
  rollout: Rollout,
  { onlyNext, now }: { readonly onlyNext: boolean; readonly now: number },
): RolloutState {
  if (before?.status !== 'running' && before?.status !== 'paused')
    throw conflict('No rollout is under way; start one first.');
  const last = rollout.stages.length - 1;
  const stage = onlyNext ? Math.min(before.stage + 1, last) : last;
  return atStage({ ...before, calmSince: now, failed: 0, reason: 'promoted' }, stage, rollout.stages);
}

/** Nobody gets the canary any more. Throws `conflict` where nobody does already. */
export function aborted(before: RolloutState | undefined, reason: string): RolloutState {
  if (before === undefined || before.status === 'aborted')
    throw conflict('No rollout is under way, so there is nothing to abort.');
  return { ...before, status: 'aborted', weight: 0, reason };
}

/** What was counted of the canary in one interval, by all replicas together. */
export interface Sample {
  readonly startedAt: number;
  readonly requests: number;
  readonly failures: number;
  /** Calls that took longer than `maxP95Ms`. */
  readonly slow: number;
}

/** Why a sample counts as failed; undefined when it passed or says too little. */
export function faultOf(sample: Sample, analysis: Rollout['analysis']): string | undefined {
  const { requests, failures, slow } = sample;
  if (requests < analysis.minRequests) return undefined;
  const success = ((requests - failures) / requests) * 100;
  if (success < analysis.minSuccess)
    return `only ${shown(success)} % of ${requests} calls succeeded, less than ${analysis.minSuccess} %`;
  // The 95th percentile lies above the bound exactly where more than 5 % of the calls do.
  if (slow * 20 > requests)
    return `${shown((slow / requests) * 100)} % of ${requests} calls took longer than ${analysis.maxP95Ms} ms`;
  return undefined;
}

/**
 * The state after the intervals that ended by `until` are judged, in order: each failed one counts and begins the stage
 * anew, `threshold` of them end the rollout, and a stage that was calm long enough gives way to the next.
 */
export function analysed(
  before: RolloutState,
  rollout: Rollout,
  { samples, until }: { readonly samples: readonly Sample[]; readonly until: number },
): RolloutState {
  const { analysis, stages, stageMinutes, auto } = rollout;
  const intervalMs = analysis.interval * 1000;
  let state = before;
  for (const sample of samples) {
    if (sample.startedAt < state.analysedUntil || sample.startedAt + intervalMs > until) continue;
    const fault = faultOf(sample, analysis);
    if (fault === undefined) continue;
    const failed = state.failed + 1;
    state = { ...state, failed, calmSince: sample.startedAt + intervalMs, reason: fault };
    if (failed >= analysis.threshold) return { ...aborted(state, fault), analysedUntil: until };
  }
  state = { ...state, analysedUntil: Math.max(state.analysedUntil, until) };
  if (!auto || until - state.calmSince < stageMinutes * MINUTE_MS) return state;
  return atStage({ ...state, calmSince: until, failed: 0, reason: 'advanced' }, state.stage + 1, stages);
}

/** The first millisecond of the interval that `at` lies in; all replicas agree on it. `interval` in seconds. */
export function windowStart(at: number, interval: number): number {
  return Math.floor(at / (interval * 1000)) * interval * 1000;
}

function atStage(state: RolloutState, stage: number, stages: readonly number[]): RolloutState {
  const weight = stages[stage] ?? 100;
  return { ...state, stage, weight, status: weight >= 100 ? 'promoted' : 'running' };
}

function shown(percent: number): string {
  return percent.toFixed(1).replace(/\.0$/, '');
}

function conflict(message: string): QuaysideError {
  return new QuaysideError('conflict', { message });
}
