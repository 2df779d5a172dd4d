// Calls that go on after they were answered, over the store of the process.
import { systemClock } from '../clock.ts';
import { every } from '../jobs/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { PlanHolder } from '../plan/server-plan.ts';
import { removeExpiredTasks } from '../protocol/tasks/task-records.ts';
import { createTasks, type Tasks } from '../protocol/tasks/tasks.ts';
import type { Store } from '../store/store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { stillAdmitted } from './still-admitted.ts';

const HOUR_MS = 3_600_000;

/** One per process, to be closed before the store. What has expired is removed once an hour. */
export function openTasks(deps: {
  readonly store: Store;
  readonly jobs: Jobs;
  readonly telemetry: Telemetry;
  readonly plans: PlanHolder;
}): Tasks {
  const { store, jobs, telemetry, plans } = deps;
  jobs.register({
    name: 'task_cleanup',
    run: async () => ({ result: { removed: await removeExpiredTasks(store, Date.now()) } }),
  });
  jobs.schedule({ name: 'task_cleanup', kind: 'task_cleanup', next: every(HOUR_MS) });
  return createTasks({
    store,
    clock: systemClock,
    log: telemetry.log.child({ component: 'tasks' }),
    plans,
    stillAdmitted: (caller) => stillAdmitted(plans, caller),
  });
}
