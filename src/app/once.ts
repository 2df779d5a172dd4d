// What makes a call happen once, from memory, or after a person agreed, from the settings of the process.
import { approvalRoutes } from '../gate/approval/approval-routes.ts';
import { type Approvals, createApprovals, removeOldRequests } from '../gate/approval/approvals.ts';
import type { AuditLog } from '../gate/audit/audit.ts';
import { cacheRoutes } from '../gate/cache/cache-routes.ts';
import type { ResponseCache } from '../gate/cache/response-cache.ts';
import { removeExpired } from '../gate/idempotency/clean-up.ts';
import type { IdempotencyDeps } from '../gate/idempotency/idempotency-stages.ts';
import { every } from '../jobs/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Route } from '../route.ts';
import type { Store } from '../store/store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { WorkerLink } from '../workers/worker-link.ts';
import { openCache } from './cache.ts';
import type { AppSettings } from './settings.ts';

/** Governance §7. */
const TTL_HOURS = 24;
const HOUR_MS = 3_600_000;

/** What a call may need besides permission: its key, its cached answer, a person's word. */
export interface Once {
  readonly idempotency: IdempotencyDeps;
  readonly cache: ResponseCache;
  readonly approvals: Approvals;
  readonly routes: readonly Route[];
}

/** One per process; the cache is to be closed. */
export async function openOnce(options: OnceOptions): Promise<Once> {
  const { settings, telemetry, store } = options;
  const cache = await openCache(settings, telemetry, options.worker);
  const approvals = createApprovals({
    store,
    now: Date.now,
    redact: telemetry.redactor.value,
    audit: options.audit,
  });
  cleanUpOnce(options);
  return {
    idempotency: createIdempotency(options),
    cache,
    approvals,
    routes: [...cacheRoutes(cache), ...approvalRoutes(approvals)],
  };
}

interface OnceOptions {
  readonly settings: AppSettings;
  readonly telemetry: Telemetry;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly audit: AuditLog;
  readonly worker: WorkerLink | undefined;
}

/** The stages' way to the store. */
function createIdempotency({ settings, telemetry, store }: OnceOptions): IdempotencyDeps {
  const log = telemetry.log.child({ component: 'idempotency' });
  return {
    store,
    now: Date.now,
    ttlMs: (settings.environment.idempotencyTtlHours ?? TTL_HOURS) * HOUR_MS,
    onProblem: (error) =>
      log.error(
        { err: error },
        'What came of a call could not be kept or found out; its key stays refused until it is known.',
      ),
  };
}

/** Removes once an hour what nobody can ask for any more (governance §7). */
function cleanUpOnce({ jobs, store }: OnceOptions): void {
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
