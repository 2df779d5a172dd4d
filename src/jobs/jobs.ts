// Background jobs of this process: one queue, one worker, one scheduler over the store.
import type { Store } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { JobClock } from './attempt.ts';
import { every, type JobKind, type Schedule } from './job.ts';
import { createQueue, type JobQueue } from './queue.ts';
import { Scheduler } from './scheduler.ts';
import { purgeJobs } from './statements.ts';
import { JobWorker } from './worker.ts';

/** How long the record of a finished job is kept. */
const KEEP_MS = 7 * 24 * 3_600_000;
const HOUR_MS = 3_600_000;
/** Runs until a job counts as failed, where its kind does not say otherwise. */
const ATTEMPTS_MAX = 5;

/** Kinds and schedules are added before `start`. */
export interface Jobs {
  readonly queue: JobQueue;
  /** Says how jobs of a kind are done. Throws when the kind is known already. */
  register(kind: JobKind): void;
  /** Throws when the name is known already. */
  schedule(schedule: Schedule): void;
  start(): void;
  /** Jobs that run in this process now. */
  running(): number;
  /** Begins nothing more; what still runs after `graceMs` is given back to the queue and counts as never begun. */
  stop(graceMs: number): Promise<void>;
}

export interface JobsDeps {
  readonly store: Store;
  readonly clock: JobClock;
  readonly log: Log;
}

/** Nothing runs before `start`. */
export function createJobs(deps: JobsDeps): Jobs {
  const kinds = new Map<string, JobKind>();
  const schedules = new Map<string, Schedule>();
  const attemptsMax = (kind: string) => kinds.get(kind)?.attemptsMax ?? ATTEMPTS_MAX;
  const worker = new JobWorker({ ...deps, kinds });
  const scheduler = new Scheduler({ ...deps, attemptsMax });
  const jobs: Jobs = {
    queue: createQueue({ store: deps.store, now: deps.clock.now, attemptsMax }),
    register(kind) {
      if (kinds.has(kind.name)) throw new Error(`The kind of jobs ${kind.name} is registered twice.`);
      kinds.set(kind.name, kind);
    },
    schedule(schedule) {
      if (schedules.has(schedule.name)) throw new Error(`The schedule ${schedule.name} exists twice.`);
      schedules.set(schedule.name, schedule);
    },
    start() {
      worker.start();
      scheduler.start([...schedules.values()]);
    },
    running: () => worker.running,
    async stop(graceMs) {
      await Promise.all([scheduler.stop(), worker.stop(graceMs)]);
    },
  };
  addCleanUp(jobs, deps);
  return jobs;
}

function addCleanUp(jobs: Jobs, { store, clock }: JobsDeps): void {
  jobs.register({
    name: 'job_cleanup',
    async run() {
      const [purged] = await store.write('system', [
        { statement: purgeJobs, values: { before: clock.now() - KEEP_MS } },
      ]);
      return { result: { purged: purged?.changes ?? 0 } };
    },
  });
  jobs.schedule({ name: 'job_cleanup', kind: 'job_cleanup', next: every(HOUR_MS) });
}
