// What the tools of all servers run on: worker pools, packs and other servers.
import type { Egress } from '../egress/egress.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Store } from '../store/store.ts';
import type { BuildInfo, Telemetry } from '../telemetry/telemetry.ts';
import type { WorkerLink } from '../workers/worker-link.ts';
import type { AppAudit } from './audit.ts';
import { openUpstreams } from './federation.ts';
import { createHandlerPools } from './handler-pools.ts';
import { openPacks } from './packs.ts';
import type { AppSettings } from './settings.ts';

/** Started and connected only by what needs them. */
export function openEngines(deps: {
  readonly settings: AppSettings;
  readonly telemetry: Telemetry;
  readonly store: Store;
  readonly audit: AppAudit;
  readonly egress: Egress;
  readonly jobs: Jobs;
  readonly build: BuildInfo;
  readonly worker: WorkerLink | undefined;
}) {
  const pools = createHandlerPools(deps.telemetry);
  const packs = openPacks(deps);
  const upstreams = openUpstreams(deps);
  return {
    pools,
    packs,
    upstreams,
    async close() {
      await Promise.all([pools.close(), packs.close(), upstreams.close()]);
    },
  };
}
