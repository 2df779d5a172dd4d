// Background jobs of tenants, and the next time of each recurring one.
import { type Migration, systemTable, tenantTable } from './migration.ts';

const JOBS = (integer: string, real: string) => `CREATE TABLE jobs (
  tenant_id TEXT NOT NULL REFERENCES tenants (id),
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('waiting', 'running', 'succeeded', 'failed', 'cancelled')),
  priority ${integer} NOT NULL DEFAULT 0,
  unique_key TEXT,
  run_at ${integer} NOT NULL,
  attempts ${integer} NOT NULL DEFAULT 0,
  attempts_max ${integer} NOT NULL,
  lease_token TEXT,
  lease_until ${integer},
  cancel_requested ${integer} NOT NULL DEFAULT 0,
  progress ${real} NOT NULL DEFAULT 0,
  checkpoint TEXT,
  result TEXT,
  error TEXT,
  created_at ${integer} NOT NULL,
  updated_at ${integer} NOT NULL,
  finished_at ${integer},
  PRIMARY KEY (tenant_id, id)
)`;

const SCHEDULES = (integer: string) => `CREATE TABLE job_schedules (
  name TEXT PRIMARY KEY,
  next_at ${integer} NOT NULL
)`;

const INDEXES = [
  // At most one job of a kind and key waits or runs.
  "CREATE UNIQUE INDEX jobs_unique ON jobs (tenant_id, kind, unique_key) WHERE unique_key IS NOT NULL AND status IN ('waiting', 'running')",
  "CREATE INDEX jobs_waiting ON jobs (run_at) WHERE status = 'waiting'",
  "CREATE INDEX jobs_running ON jobs (lease_until) WHERE status = 'running'",
  'CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL',
];

export const jobs: Migration = {
  id: 2,
  name: 'jobs',
  up: {
    sqlite: [JOBS('INTEGER', 'REAL'), ...INDEXES, SCHEDULES('INTEGER')],
    postgres: [
      JOBS('BIGINT', 'DOUBLE PRECISION'),
      ...INDEXES,
      ...tenantTable('jobs'),
      SCHEDULES('BIGINT'),
      ...systemTable('job_schedules'),
    ],
  },
  down: {
    sqlite: ['DROP TABLE job_schedules', 'DROP TABLE jobs'],
    postgres: ['DROP TABLE job_schedules', 'DROP TABLE jobs'],
  },
};
