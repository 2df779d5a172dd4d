// How far each rollout is, and what its replicas counted of the version that is tried.
import { type Migration, systemTable } from './migration.ts';

/** One per slug; that of other versions gives way when theirs begins. */
const ROLLOUTS = (integer: string) => `CREATE TABLE rollouts (
  slug TEXT PRIMARY KEY,
  stable TEXT NOT NULL,
  canary TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('running', 'paused', 'promoted', 'aborted')),
  stage ${integer} NOT NULL CHECK (stage >= 0),
  weight ${integer} NOT NULL CHECK (weight BETWEEN 0 AND 100),
  calm_since ${integer} NOT NULL,
  failed ${integer} NOT NULL CHECK (failed >= 0),
  analysed_until ${integer} NOT NULL,
  reason TEXT NOT NULL,
  revision ${integer} NOT NULL,
  created_at ${integer} NOT NULL,
  updated_at ${integer} NOT NULL,
  updated_by TEXT NOT NULL
)`;

/** `started_at` is the first millisecond of the interval that was counted. */
const SAMPLES = (integer: string) => `CREATE TABLE rollout_samples (
  slug TEXT NOT NULL,
  canary TEXT NOT NULL,
  started_at ${integer} NOT NULL,
  requests ${integer} NOT NULL,
  failures ${integer} NOT NULL,
  slow ${integer} NOT NULL,
  PRIMARY KEY (slug, canary, started_at)
)`;

const DOWN = ['DROP TABLE rollout_samples', 'DROP TABLE rollouts'];

export const rollouts: Migration = {
  id: 10,
  name: 'rollouts',
  up: {
    sqlite: [ROLLOUTS('INTEGER'), SAMPLES('INTEGER')],
    postgres: [
      ROLLOUTS('BIGINT'),
      ...systemTable('rollouts'),
      SAMPLES('BIGINT'),
      ...systemTable('rollout_samples'),
    ],
  },
  down: { sqlite: DOWN, postgres: DOWN },
};
