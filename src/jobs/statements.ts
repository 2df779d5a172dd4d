// The queue's SQL. A claim hands out a token; whoever writes about a running job must still hold it.
import { systemStatement, tenantStatement } from '../store/statement.ts';

/** A job as it is stored, as far as it is shown. */
export interface JobRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly kind: string;
  readonly status: string;
  readonly payload: string;
  readonly progress: number;
  readonly checkpoint: string | null;
  readonly attempts: number;
  readonly attempts_max: number;
  readonly run_at: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly finished_at: number | null;
  readonly result: string | null;
  readonly error: string | null;
}

const SHOWN =
  'tenant_id, id, kind, status, payload, progress, checkpoint, attempts, attempts_max, run_at, created_at, updated_at, finished_at, result, error';

const insertInto = (tenant: string) =>
  'INSERT INTO jobs (tenant_id, id, kind, payload, status, priority, unique_key, run_at, attempts_max, created_at, updated_at) ' +
  `VALUES (${tenant}, :id, :kind, :payload, 'waiting', :priority, :unique_key, :run_at, :attempts_max, :now, :now) ` +
  "ON CONFLICT (tenant_id, kind, unique_key) WHERE unique_key IS NOT NULL AND status IN ('waiting', 'running') DO NOTHING";

export const insertJob = tenantStatement('jobs.insert', insertInto(':tenant'));
export const insertScheduledJob = systemStatement('jobs.insert_scheduled', insertInto(':owner'));

export const findUnique = tenantStatement<{ id: string }>(
  'jobs.find_unique',
  "SELECT id FROM jobs WHERE tenant_id = :tenant AND kind = :kind AND unique_key = :unique_key AND status IN ('waiting', 'running')",
);

const SQLITE_KINDS = 'SELECT value FROM json_each(:kinds)';
const POSTGRES_KINDS = 'SELECT json_array_elements_text(CAST(:kinds AS JSON))';

/** Tenants that are switched off keep their jobs waiting (governance §5). */
const due = (kinds: string) =>
  `SELECT tenant_id, id FROM jobs WHERE kind IN (${kinds}) AND cancel_requested = 0 AND attempts < attempts_max AND ` +
  "((status = 'waiting' AND run_at <= :now) OR (status = 'running' AND lease_until < :now)) AND " +
  'tenant_id IN (SELECT tenants.id FROM tenants WHERE is_active = 1) ORDER BY priority DESC, run_at LIMIT :most';

const CLAIMED =
  "UPDATE jobs SET status = 'running', attempts = attempts + 1, lease_token = :token, lease_until = :until, updated_at = :now";

/**
 * Jobs that are due, and those of a process that is gone. On PostgreSQL claimers do not wait for each other; the choice
 * is made once, before anything is changed, because a sub-select with LIMIT may be run again for each row.
 */
export const claimJobs = systemStatement<JobRow>('jobs.claim', {
  sqlite: `${CLAIMED} WHERE (tenant_id, id) IN (${due(SQLITE_KINDS)}) RETURNING ${SHOWN}`,
  postgres:
    `WITH due AS MATERIALIZED (${due(POSTGRES_KINDS)} FOR UPDATE SKIP LOCKED) ` +
    `${CLAIMED} FROM due WHERE jobs.tenant_id = due.tenant_id AND jobs.id = due.id ` +
    `RETURNING ${SHOWN.replaceAll(/\w+/g, 'jobs.$&')}`,
});

/** Jobs that nobody will run again: cancelled while their process was gone, or lost with it once too often. */
export const endLostJobs = systemStatement(
  'jobs.end_lost',
  "UPDATE jobs SET status = CASE WHEN cancel_requested = 1 THEN 'cancelled' ELSE 'failed' END, " +
    "error = COALESCE(error, 'The process that ran it was gone each time.'), lease_token = NULL, lease_until = NULL, finished_at = :now, updated_at = :now " +
    "WHERE status = 'running' AND lease_until < :now AND (cancel_requested = 1 OR attempts >= attempts_max)",
);

/** When the next job of these kinds is due, if any: waiting, or running under a lease that may end. */
const nextDueOf = (kinds: string) =>
  `SELECT MIN(CASE WHEN status = 'waiting' THEN run_at ELSE lease_until + 1 END) AS at FROM jobs ` +
  `WHERE status IN ('waiting', 'running') AND kind IN (${kinds})`;
export const nextDue = systemStatement<{ at: number | null }>('jobs.next_due', {
  sqlite: nextDueOf(SQLITE_KINDS),
  postgres: nextDueOf(POSTGRES_KINDS),
});

const HELD = "WHERE tenant_id = :tenant AND id = :id AND status = 'running' AND lease_token = :token";

/** Keeps the lease, and tells whether somebody wants the job to end. */
export const renewLease = tenantStatement<{ cancel_requested: number }>(
  'jobs.renew',
  `UPDATE jobs SET lease_until = :until ${HELD} RETURNING cancel_requested`,
);

export const recordProgress = tenantStatement(
  'jobs.progress',
  `UPDATE jobs SET progress = :progress, checkpoint = COALESCE(:checkpoint, checkpoint), updated_at = :now ${HELD}`,
);

export const endJob = tenantStatement(
  'jobs.end',
  'UPDATE jobs SET status = :status, result = :result, error = :error, ' +
    "progress = CASE WHEN :status = 'succeeded' THEN 1 ELSE progress END, " +
    `lease_token = NULL, lease_until = NULL, finished_at = :now, updated_at = :now ${HELD}`,
);

/** Back into the queue; `uncounted` is 1 where the run was not the job's own fault. */
export const returnJob = tenantStatement(
  'jobs.return',
  "UPDATE jobs SET status = 'waiting', run_at = :run_at, error = :error, attempts = attempts - :uncounted, " +
    `lease_token = NULL, lease_until = NULL, updated_at = :now ${HELD}`,
);

export const cancelWaiting = tenantStatement(
  'jobs.cancel_waiting',
  "UPDATE jobs SET status = 'cancelled', cancel_requested = 1, finished_at = :now, updated_at = :now " +
    "WHERE tenant_id = :tenant AND id = :id AND status = 'waiting'",
);
export const cancelRunning = tenantStatement(
  'jobs.cancel_running',
  "UPDATE jobs SET cancel_requested = 1, updated_at = :now WHERE tenant_id = :tenant AND id = :id AND status = 'running'",
);

export const getJob = tenantStatement<JobRow>(
  'jobs.get',
  `SELECT ${SHOWN} FROM jobs WHERE tenant_id = :tenant AND id = :id`,
);
/** Newest first: ids begin with their time. */
export const listJobs = tenantStatement<JobRow>(
  'jobs.list',
  `SELECT ${SHOWN} FROM jobs WHERE tenant_id = :tenant AND id < :before ` +
    'AND (CAST(:status AS TEXT) IS NULL OR status = :status) AND (CAST(:kind AS TEXT) IS NULL OR kind = :kind) ' +
    'ORDER BY id DESC LIMIT :most',
);

export const purgeJobs = systemStatement('jobs.purge', 'DELETE FROM jobs WHERE finished_at < :before');

/** A schedule that became denser is not held to the old time. */
export const addSchedule = systemStatement(
  'jobs.add_schedule',
  'INSERT INTO job_schedules (name, next_at) VALUES (:name, :next_at) ' +
    'ON CONFLICT (name) DO UPDATE SET next_at = excluded.next_at WHERE job_schedules.next_at > excluded.next_at',
);
export const listSchedules = systemStatement<{ name: string; next_at: number }>(
  'jobs.schedules',
  'SELECT name, next_at FROM job_schedules',
);
/** Finds no row when another process was faster. */
export const advanceSchedule = systemStatement(
  'jobs.advance_schedule',
  'UPDATE job_schedules SET next_at = :next_at WHERE name = :name AND next_at = :due',
);
