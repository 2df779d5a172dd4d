// SQL over rollouts and what was counted. They have no tenant: a version is everybody's.

import type { StoreValues } from '../store/statement.ts';
import { systemStatement } from '../store/statement.ts';
import type { RolloutState } from './rollout-state.ts';

/** Announced by every write of `rollouts`. */
export const ROLLOUTS_TOPIC = 'rollouts';

export interface RolloutRow {
  readonly slug: string;
  readonly stable: string;
  readonly canary: string;
  readonly status: RolloutState['status'];
  readonly stage: number;
  readonly weight: number;
  readonly calm_since: number;
  readonly failed: number;
  readonly analysed_until: number;
  readonly reason: string;
  readonly revision: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly updated_by: string;
}

export interface SampleRow {
  readonly started_at: number;
  readonly requests: number;
  readonly failures: number;
  readonly slow: number;
}

const COLUMNS =
  'slug, stable, canary, status, stage, weight, calm_since, failed, analysed_until, reason, revision, created_at, updated_at, updated_by';

export const listRollouts = systemStatement<RolloutRow>(
  'rollouts.list',
  `SELECT ${COLUMNS} FROM rollouts ORDER BY slug`,
);

/** Changes nothing where there is a row already. */
export const insertRollout = systemStatement(
  'rollouts.insert',
  `INSERT INTO rollouts (${COLUMNS})
   VALUES (:slug, :stable, :canary, :status, :stage, :weight, :calm_since, :failed, :analysed_until, :reason, 1,
     :now, :now, :by)
   ON CONFLICT (slug) DO NOTHING`,
);

/** `seen` is the revision that the change was made from: of two changes at once one is refused. */
export const updateRollout = systemStatement(
  'rollouts.update',
  `UPDATE rollouts SET stable = :stable, canary = :canary, status = :status, stage = :stage, weight = :weight,
     calm_since = :calm_since, failed = :failed, analysed_until = :analysed_until, reason = :reason,
     revision = revision + 1, updated_at = :now, updated_by = :by
   WHERE slug = :slug AND revision = :seen`,
);

export const addSample = systemStatement(
  'rollouts.add_sample',
  `INSERT INTO rollout_samples (slug, canary, started_at, requests, failures, slow)
   VALUES (:slug, :canary, :started_at, :requests, :failures, :slow)
   ON CONFLICT (slug, canary, started_at) DO UPDATE SET
     requests = rollout_samples.requests + excluded.requests,
     failures = rollout_samples.failures + excluded.failures,
     slow = rollout_samples.slow + excluded.slow`,
);

export const readSamples = systemStatement<SampleRow>(
  'rollouts.read_samples',
  `SELECT started_at, requests, failures, slow FROM rollout_samples
   WHERE slug = :slug AND canary = :canary AND started_at >= :since ORDER BY started_at`,
);

/** What is judged is not looked at again. */
export const removeSamples = systemStatement(
  'rollouts.remove_samples',
  'DELETE FROM rollout_samples WHERE slug = :slug AND started_at < :before',
);

/** The columns of a state. */
export function columnsOf(state: RolloutState): StoreValues {
  const { stable, canary, status, stage, weight, failed, reason } = state;
  return {
    ...{ stable, canary, status, stage, weight, failed, reason },
    calm_since: state.calmSince,
    analysed_until: state.analysedUntil,
  };
}

/** A row as the product speaks of it. */
export function parseState(row: RolloutRow): RolloutState {
  return {
    stable: row.stable,
    canary: row.canary,
    status: row.status,
    stage: Number(row.stage),
    weight: Number(row.weight),
    calmSince: Number(row.calm_since),
    failed: Number(row.failed),
    analysedUntil: Number(row.analysed_until),
    reason: row.reason,
  };
}
