// What every way of serving shares: telemetry, keys, the gate, handlers, a plan in force and the protocol over it.

import { systemClock } from '../clock.ts';
import { createEgress, type Egress } from '../egress/egress.ts';
import { operationStages, requestStages } from '../gate/stages.ts';
import { createJobs, type Jobs } from '../jobs/jobs.ts';
import { createRouteEntries } from '../plan/route-entry.ts';
import type { Plan } from '../plan/server-plan.ts';
import { createProtocol, type Protocol } from '../protocol/protocol.ts';
import type { Tasks } from '../protocol/tasks/tasks.ts';
import type { ProcessSecrets } from '../secrets/process-secrets.ts';
import { type BuildInfo, createTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import type { Operation } from '../tool.ts';
import type { SessionRoute } from '../transport/http/session-doors.ts';
import type { WorkerLink } from '../workers/worker-link.ts';
import { ConfigurationError } from './configuration-error.ts';
import { type LoadedAll, loadAll } from './definitions.ts';
import { openEngines } from './engines.ts';
import type { AppUpstreams } from './federation.ts';
import { type Governance, openGovernance } from './governance.ts';
import type { HandlerPools } from './handler-pools.ts';
import { checkSharedSalt } from './identity.ts';
import type { Packs } from './packs.ts';
import { createPlans, type Plans } from './plans.ts';
import { openOwnSecrets, ownSecrets } from './process-secrets.ts';
import { openStoredSecrets, type StoredSecrets, secretsAtStart } from './secrets.ts';
import type { AppSettings } from './settings.ts';
import { checkStart } from './start-checks.ts';
import { openState, type State } from './state.ts';
import { openTasks } from './tasks.ts';
import { checkTenantHeader } from './tenant-header.ts';
import { shareNews } from './workers/change-news.ts';
import { openSessionKeeping } from './workers/session-keeping.ts';

export interface Core extends Omit<State, 'close'>, Omit<Governance, 'gate' | 'close'> {
  readonly telemetry: Telemetry;
  readonly plans: Plans;
  readonly protocol: Protocol;
  /** Background jobs; kinds are registered while the core is made, and run once the server listens. */
  readonly jobs: Jobs;
  readonly secrets: ProcessSecrets;
  /** What users store. */
  readonly storedSecrets: StoredSecrets;
  /** Present where other processes hold sessions too. */
  readonly sessionRoute: SessionRoute | undefined;
  readonly routeEntry: ReturnType<typeof createRouteEntries>;
  readonly upstreams: AppUpstreams;
  readonly pools: HandlerPools;
  readonly packs: Pick<Packs, 'routes'>;
  /** Operations that run now. */
  readonly running: Iterable<Operation>;
  /** What the start has to say to the operator, one line each. */
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

export interface CoreOptions {
  readonly settings: AppSettings;
  readonly build: BuildInfo;
  /** stdio binds no address and knows its caller already, so the checks of a listener do not apply. */
  readonly transport: 'http' | 'stdio';
  /** Set in a worker: what it shares with the others. */
  readonly worker?: WorkerLink;
}

/** Throws ConfigurationError with everything that is wrong, PlanError with what could not be prepared. */
export async function createCore(options: CoreOptions): Promise<Core> {
  const { settings } = options;
  const early = secretsAtStart(settings);
  const loaded = await loadAll(settings, early.resolve);
  const warnings = options.transport === 'http' ? checkOrThrow(settings, loaded) : loaded.warnings;
  const telemetry = openTelemetry(options);
  const secrets = openOwnSecrets(settings, telemetry);
  let plans: Plans | undefined;
  let storedSecrets: StoredSecrets;
  const plan = () => inForce(plans);
  const state = await openState({ ...options, loaded, telemetry, secrets, plan });
  const { store, audit, identity } = state;
  audit.log.addSecrets(ownSecrets(settings, secrets));
  const jobs = createJobs({ store, clock: systemClock, log: telemetry.log.child({ component: 'jobs' }) });
  const egress = openEgress(settings, telemetry);
  const common = { settings, telemetry, egress, worker: options.worker };
  const governance = await openGovernance({ ...common, secrets, state, jobs, plan });
  const { gate, close: closeGovernance, ...governing } = governance;
  const stages = { request: requestStages(gate), operation: operationStages(gate) };
  const engines = openEngines({ ...common, store, audit, jobs, build: options.build });
  const closeTools = async () => {
    await Promise.all([engines.close(), closeGovernance()]);
    await state.close();
    // Last, because the last records may still have to be sent.
    await egress.close();
  };
  const plansDeps = { ...common, ...governing, ...engines, ...identity, stages, audit };
  try {
    storedSecrets = await openStoredSecrets({ settings, store, egress, jobs, areNamed: early.areNamed() });
    plans = await createPlans(loaded.definitions, { ...plansDeps, storedSecrets });
    await audit.log.ready;
    audit.ship(egress, options.build.version);
  } catch (error) {
    // Workers that checked handlers would keep the process of a refused start alive.
    await closeTools();
    await telemetry.close();
    throw error;
  }
  const opened = plans;
  const tasks = openTasks({ store, jobs, telemetry, plans: opened.holder });
  const { closeProtocol, ...talking } = openProtocol(opened, { ...common, ...state, secrets, jobs, tasks });
  governing.rollouts.start(talking.protocol.hub.publish);
  governing.rollouts.checkCanaries();
  return {
    ...governing,
    ...talking,
    telemetry,
    plans: opened,
    store,
    audit,
    identity,
    jobs,
    secrets,
    storedSecrets,
    routeEntry: createRouteEntries(stages.operation),
    upstreams: engines.upstreams,
    pools: engines.pools,
    packs: engines.packs,
    running: gate.running,
    warnings,
    async close() {
      await jobs.stop(JOBS_GRACE_MS);
      await tasks.close();
      await closeProtocol();
      await opened.close();
      await closeTools();
    },
  };
}

function openProtocol(
  { holder }: Plans,
  deps: Pick<Core, 'telemetry' | 'secrets' | 'audit' | 'store' | 'jobs'> & {
    readonly settings: AppSettings;
    readonly tasks: Tasks;
    readonly worker: WorkerLink | undefined;
  },
): Pick<Core, 'protocol' | 'sessionRoute'> & { closeProtocol(): Promise<void> } {
  const { telemetry, secrets, audit, tasks, worker } = deps;
  const keeping = openSessionKeeping(deps);
  const protocol = createProtocol({
    plans: holder,
    tasks,
    log: telemetry.log.child({ component: 'protocol' }),
    secrets: secrets.session,
    ...(keeping === undefined ? {} : { keeping }),
    onSessionStart: audit.sessionEvents.started,
    onSessionEnd(seconds, session) {
      telemetry.sessionEnded('http', seconds);
      audit.sessionEvents.ended(seconds, session);
    },
  });
  if (worker !== undefined) shareNews(protocol.hub, worker);
  return {
    protocol,
    sessionRoute: keeping?.route(protocol.sessions),
    async closeProtocol() {
      protocol.close();
      await keeping?.journal.flush();
    },
  };
}

function checkOrThrow(settings: AppSettings, { definitions, warnings }: LoadedAll): readonly string[] {
  const findings = [
    checkStart({ ...settings, definitions }),
    checkTenantHeader(settings),
    checkSharedSalt(settings),
  ];
  const errors = findings.flatMap((one) => one.errors);
  if (errors.length > 0) throw new ConfigurationError(errors);
  return [...warnings, ...findings.flatMap((one) => one.warnings)];
}

function openTelemetry({ settings, build, worker }: CoreOptions): Telemetry {
  const journalStream = settings.env.JOURNAL_STREAM;
  return createTelemetry({
    settings: settings.environment.telemetry,
    build,
    // stdout is for what a person or a client asked for: the start report, or the protocol.
    stdio: true,
    ...(journalStream === undefined ? {} : { journalStream }),
    ...(worker === undefined ? {} : { journal: worker.writesToJournal, worker: worker.slot }),
  });
}

function openEgress(settings: AppSettings, telemetry: Telemetry): Egress {
  return createEgress({
    allow: (settings.environment.egressAllow ?? []).join(','),
    log: telemetry.log.child({ component: 'egress' }),
    observe: ({ purpose, status, reason, durationMs }) =>
      telemetry.egress({ purpose, status: status ?? reason ?? 'failed', seconds: durationMs / 1000 }),
  });
}

/** What a job gets to end by itself when the process stops; it starts again elsewhere. */
const JOBS_GRACE_MS = 2000;

function inForce(plans: Plans | undefined): Plan {
  if (plans === undefined) throw new Error('no plan is in force yet');
  return plans.holder.current();
}
