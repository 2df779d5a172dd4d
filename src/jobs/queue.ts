// The queue as everybody but its workers sees it: add, look at, cancel.
import { randomBytes } from 'node:crypto';
import type { StoreValues } from '../store/statement.ts';
import type { Step, Store } from '../store/store.ts';
import type { JsonObject } from '../tool.ts';
import { JOB_STATUSES, type Job, type JobStatus, type NewJob } from './job.ts';
import {
  cancelRunning,
  cancelWaiting,
  findUnique,
  getJob,
  insertJob,
  type JobRow,
  listJobs,
} from './statements.ts';

/** Announced when a job is added. */
export const ADDED_TOPIC = 'jobs.added';
/** Announced when somebody wants a job to end. */
export const CANCELLED_TOPIC = 'jobs.cancelled';

const PAGE = 50;
/** Sorts after every id. */
const LAST = '~';

export interface JobFilter {
  readonly status?: JobStatus;
  readonly kind?: string;
  /** Only jobs that are older than this id: the last of the page before. */
  readonly before?: string;
  /** Default 50. */
  readonly limit?: number;
}

/** Jobs of tenants. */
export interface JobQueue {
  /** Resolves with the id: of the new job, or of the one that already waits or runs under its unique key. */
  add(tenant: string, job: NewJob): Promise<string>;
  /** The steps that add a job as part of another write of the tenant: the job exists if and only if that is durable. */
  steps(job: NewJob): { readonly id: string; readonly steps: readonly Step[] };
  get(tenant: string, id: string): Promise<Job | undefined>;
  /** Newest first. */
  list(tenant: string, filter: JobFilter): Promise<readonly Job[]>;
  /**
   * A waiting job ends at once; a running one is told, and ends when it listens. Resolves with the state it found:
   * undefined when there is no such job.
   */
  cancel(tenant: string, id: string): Promise<JobStatus | undefined>;
}

/** `now` in epoch milliseconds; `attemptsMax` of a kind. */
export function createQueue(deps: {
  readonly store: Store;
  readonly now: () => number;
  readonly attemptsMax: (kind: string) => number;
}): JobQueue {
  const { store, now, attemptsMax } = deps;
  const steps = (job: NewJob) => {
    const id = newJobId(now());
    const step = {
      statement: insertJob,
      values: insertValues(id, { attemptsMax: attemptsMax(job.kind), ...job }, now()),
    };
    return { id, steps: [step, store.announce(ADDED_TOPIC)] };
  };

  async function get(tenant: string, id: string): Promise<Job | undefined> {
    const [row] = await store.read({ tenant }, getJob, { id });
    return row === undefined ? undefined : toJob(row);
  }

  return {
    steps,
    async add(tenant, job) {
      // The one that was found may end before it is found; then there is room for a new one.
      for (;;) {
        const made = steps(job);
        const [inserted] = await store.write({ tenant }, made.steps);
        if (inserted?.changes === 1) return made.id;
        const { kind, uniqueKey = null } = job;
        const [found] = await store.read({ tenant }, findUnique, { kind, unique_key: uniqueKey });
        if (found !== undefined) return found.id;
      }
    },
    get,
    async list(tenant, { status = null, kind = null, before = LAST, limit = PAGE }) {
      const rows = await store.read({ tenant }, listJobs, { status, kind, before, most: limit });
      return rows.map(toJob);
    },
    async cancel(tenant, id) {
      const [waiting, running] = await store.write({ tenant }, [
        { statement: cancelWaiting, values: { id, now: now() } },
        { statement: cancelRunning, values: { id, now: now() } },
        store.announce(CANCELLED_TOPIC),
      ]);
      if (waiting?.changes === 1) return 'waiting';
      if (running?.changes === 1) return 'running';
      return (await get(tenant, id))?.status;
    },
  };
}

/** Sorts by time, and says where it belongs when it is met in a log. */
export function newJobId(now: number): string {
  return `job_${now.toString(16).padStart(12, '0')}${randomBytes(8).toString('hex')}`;
}

/** Values of {@link insertJob} and its like. */
export function insertValues(
  id: string,
  job: NewJob & { readonly attemptsMax: number },
  now: number,
): StoreValues {
  return {
    id,
    kind: job.kind,
    payload: JSON.stringify(job.payload),
    priority: job.priority ?? 0,
    unique_key: job.uniqueKey ?? null,
    run_at: job.runAt ?? now,
    attempts_max: job.attemptsMax,
    now,
  };
}

/** A row as it is shown. */
export function toJob(row: JobRow): Job {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    kind: row.kind,
    status: parseStatus(row.status),
    payload: parseObject(row.payload),
    progress: row.progress,
    attempts: row.attempts,
    attemptsMax: row.attempts_max,
    runAt: row.run_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    finishedAt: row.finished_at,
    result: row.result === null ? null : parseObject(row.result),
    error: row.error,
  };
}

/** JSON that this program wrote. */
export function parseObject(text: string): JsonObject {
  return JSON.parse(text) as JsonObject;
}

function parseStatus(text: string): JobStatus {
  const status = JOB_STATUSES.find((known) => known === text);
  if (status === undefined) throw new Error(`A job has the unknown status ${text}.`);
  return status;
}
