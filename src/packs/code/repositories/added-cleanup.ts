// What happens to added repositories when their time is over, once an hour in the whole cluster.
import type { Clock } from '../../../clock.ts';
import type { AuditLog } from '../../../gate/audit/audit.ts';
import { every } from '../../../jobs/job.ts';
import type { Jobs } from '../../../jobs/jobs.ts';
import type { Store } from '../../../store/store.ts';
import type { Log } from '../../../telemetry/log.ts';
import { addedPlaces, bury, DAY_MS, removeFiles } from './added-repositories.ts';
import { deleteRepository, listRepositories, markWarned } from './added-statements.ts';
import { forgetGoneNodes } from './node.ts';
import { cleanupActor } from './repository-event.ts';

/** One less than the hour of the promise, so that a slow run still ends within it (spec code §4). */
const EVERY_MS = 1_800_000;
/** After so long every process has closed the index of a removed repository, and writes no more files of it. */
const SETTLED_MS = 60_000;
/** The name of the job and of its schedule. */
const CLEANUP = 'code_repository_cleanup';

/** What cleaning up works with. */
export interface CleanupDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly stateDirectory: string;
  /** Absent where nothing is recorded. */
  readonly audit?: AuditLog;
}

/** Registers the job with its schedule. */
export function scheduleCleanup(jobs: Jobs, deps: CleanupDeps): void {
  jobs.register({ name: CLEANUP, run: async () => ({ result: await cleanUp(deps) }) });
  jobs.schedule({ name: CLEANUP, kind: CLEANUP, next: every(EVERY_MS) });
}

/** Removes what is due, warns of what is due within a day, and finishes what a crash left half removed. */
async function cleanUp({
  store,
  clock,
  log,
  stateDirectory,
  audit,
}: CleanupDeps): Promise<{ removed: number }> {
  const now = clock.now();
  const places = addedPlaces(stateDirectory);
  let removed = 0;
  for (const row of await store.read('system', listRepositories, {})) {
    const { tenant_id: owner, id, name } = row;
    if (row.removed_at !== null) {
      if (row.removed_at > now - SETTLED_MS) continue;
      await removeFiles(row, places);
      await store.write('system', [{ statement: deleteRepository, values: { owner, id } }]);
    } else if (row.cleanup_after <= now) {
      if (!(await bury({ store, audit }, { actor: cleanupActor(owner), row, now }))) continue;
      await removeFiles(row, places);
      removed++;
      log.info(
        { event: 'code.repository_removed', repository: id, name },
        'A repository is removed: its time is over.',
      );
    } else if (row.cleanup_after <= now + DAY_MS && row.warned_at === null) {
      await store.write('system', [{ statement: markWarned, values: { owner, id, now } }]);
      const expires = new Date(row.cleanup_after).toISOString();
      log.warn(
        { event: 'code.repository_expiring', repository: id, name, expires },
        'A repository is removed within a day.',
      );
    }
  }
  await forgetGoneNodes(store, clock);
  return { removed };
}
