// Who gets the canary: decided per caller, session or request by the weight in force (governance §10.3).
import { hash } from 'node:crypto';
import type { Rollout } from '../definition/schema/rollout.ts';
import type { Principal } from '../tool.ts';
import type { RolloutState } from './rollout-state.ts';

/** Hundredths of a percent. */
const BUCKETS = 10_000;

/** What one request brings to the choice. */
export interface VersionAsk {
  readonly principal: Principal;
  /** The version that the request's session began with; absent without a session. */
  readonly pinned?: string | undefined;
  /** The request opens a session. */
  readonly opensSession: boolean;
}

/** `random` gives numbers from 0 to 1, without 1. */
export function isCanaryFor(
  ask: VersionAsk,
  state: Pick<RolloutState, 'weight' | 'canary'>,
  {
    slug,
    sticky,
    random,
  }: { readonly slug: string; readonly sticky: Rollout['sticky']; readonly random: () => number },
): boolean {
  const { weight, canary } = state;
  // The ends of a rollout hold for everybody at once, sessions included.
  if (weight <= 0) return false;
  if (weight >= 100) return true;
  // What a session has listed must not change under it.
  if (ask.pinned !== undefined) return ask.pinned === canary;
  const isDrawn = sticky === 'none' || (sticky === 'session' && ask.opensSession);
  const bucket = isDrawn ? random() * BUCKETS : bucketOf(slug, canary, ask.principal);
  return bucket < (weight * BUCKETS) / 100;
}

/** 0 to 9999, the same for the same caller during a rollout: whoever has the canary keeps it while its share grows. */
export function bucketOf(slug: string, canary: string, { type, tenantId, id }: Principal): number {
  return hash('sha256', [slug, canary, type, tenantId, id].join('\0'), 'buffer').readUInt32BE(0) % BUCKETS;
}
