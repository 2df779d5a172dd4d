// What the gate is made of beside the state: tokens, limits, and what makes a call happen once.
import { systemClock } from '../clock.ts';
import type { Egress } from '../egress/egress.ts';
import type { Limiter } from '../gate/limits/limiter.ts';
import type { GateDeps } from '../gate/stages.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Plan } from '../plan/server-plan.ts';
import type { ProcessSecrets } from '../secrets/process-secrets.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { WorkerLink } from '../workers/worker-link.ts';
import { type AppFlags, openFlags } from './flags.ts';
import { createGateDeps } from './gate-deps.ts';
import { openLimiter } from './limits.ts';
import { createIdentityParts, type IdentityParts } from './login.ts';
import { type Once, openOnce } from './once.ts';
import { type AppRollouts, openRollouts } from './rollouts.ts';
import type { AppSettings } from './settings.ts';
import type { State } from './state.ts';

export interface Governance {
  /** Who else is known: subjects of tokens, and the accounts of people. */
  readonly people: IdentityParts;
  readonly limiter: Limiter;
  readonly once: Once;
  readonly flags: AppFlags;
  readonly rollouts: AppRollouts;
  readonly gate: GateDeps;
  close(): Promise<void>;
}

export interface GovernanceDeps {
  readonly settings: AppSettings;
  readonly telemetry: Telemetry;
  readonly secrets: ProcessSecrets;
  readonly state: State;
  readonly egress: Egress;
  readonly jobs: Jobs;
  /** The plan in force; asked only once there is one. */
  readonly plan: () => Plan;
  readonly worker: WorkerLink | undefined;
}

/** Rejects when a backend that was asked for by name cannot be used. */
export async function openGovernance(deps: GovernanceDeps): Promise<Governance> {
  const { settings, telemetry, secrets, egress, jobs } = deps;
  const { store, audit, identity } = deps.state;
  const { worker } = deps;
  const limiter = await openLimiter(settings, telemetry, store, worker);
  const once = await openOnce({ settings, telemetry, store, jobs, audit: audit.events, worker });
  const flags = await openFlags(deps);
  const rollouts = await openRollouts({ ...deps, store, audit: audit.events, clock: systemClock });
  const people = createIdentityParts({
    settings,
    telemetry,
    egress,
    store,
    tokenSecrets: secrets.tokens,
    audit: audit.events,
  });
  return {
    people,
    limiter,
    once,
    flags,
    rollouts,
    gate: createGateDeps({
      settings,
      telemetry,
      identity,
      audit,
      tokens: people.tokens,
      limiter,
      once,
      flags,
      samplerFor: rollouts.samplerFor,
      worker,
      salt: secrets.apiKeySalt,
    }),
    async close() {
      people.close();
      flags.close();
      await Promise.all([limiter.close(), once.cache.close(), rollouts.close()]);
    },
  };
}
