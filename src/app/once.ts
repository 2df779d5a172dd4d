// What makes a call happen once, from the settings of the process.
import { removeOldRequests } from '../gate/approval/approvals.ts';
import { removeExpired } from '../gate/idempotency/clean-up.ts';
import type { IdempotencyDeps } from '../gate/idempotency/idempotency-stages.ts';
import { every } from '../jobs/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Store } from '../store/store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { AppSettings } from './settings.ts';

/** Governance §7. */
const TTL_HOURS = 24;
const HOUR_MS = 3_600_000;

/** The stages' way to the store. */
export function createIdempotency(options: {
  readonly settings: AppSettings;
  readonly telemetry: Telemetry;
  readonly store: Store;
}): IdempotencyDeps {
  const { settings, telemetry, store } = options;
  const log = telemetry.log.child({ component: 'idempotency' });
  return {
    store,
    now: Date.now,
    ttlMs: (settings.environment.idempotencyTtlHours ?? TTL_HOURS) * HOUR_MS,
    onProblem: (error) =>
      log.error(
        { err: error },
        'What came of a call could not be kept; its key stays refused until it is known.',
      ),
  };
}

/** Removes once an hour what nobody can ask for any more (governance §7). */
export function cleanUpOnce(jobs: Jobs, store: Store): void {
  jobs.register({
    name: 'idempotency_cleanup',
    run: async () => ({ result: { removed: await removeExpired(store, Date.now()) } }),
  });
  jobs.register({
    name: 'approval_cleanup',
    run: async () => ({ result: { removed: await removeOldRequests(store, Date.now()) } }),
  });
  jobs.schedule({ name: 'approval_cleanup', kind: 'approval_cleanup', next: every(HOUR_MS) });
  jobs.schedule({ name: 'idempotency_cleanup', kind: 'idempotency_cleanup', next: every(HOUR_MS) });
}
