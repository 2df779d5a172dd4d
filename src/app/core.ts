// What every way of serving shares: telemetry, keys, the gate, handlers, a plan in force and the protocol over it.
import { createEgress, type Egress } from '../egress/egress.ts';
import type { Limiter } from '../gate/limits/limiter.ts';
import { operationStages, requestStages } from '../gate/stages.ts';
import { createFilePool, type FilePool } from '../handlers/file/pool.ts';
import { createJobs, type Jobs } from '../jobs/jobs.ts';
import { systemClock } from '../operations/clock.ts';
import { createRouteEntries } from '../plan/route-entry.ts';
import type { Plan } from '../plan/server-plan.ts';
import { createProtocol, type Protocol } from '../protocol/protocol.ts';
import { openProcessSecrets, type ProcessSecrets } from '../secrets/process-secrets.ts';
import type { Store } from '../store/store.ts';
import { type BuildInfo, createTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import type { Operation } from '../tool.ts';
import { type AppAudit, openAudit } from './audit.ts';
import { ConfigurationError } from './configuration-error.ts';
import { type LoadedAll, loadAll } from './definitions.ts';
import { createGateDeps } from './gate-deps.ts';
import { checkSharedSalt, type Identity, openIdentity } from './identity.ts';
import { openLimiter } from './limits.ts';
import { createIdentityParts, type IdentityParts } from './login.ts';
import { createPlans, type Plans } from './plans.ts';
import type { AppSettings } from './settings.ts';
import { checkStart } from './start-checks.ts';
import { openProcessStore } from './store.ts';
import { checkTenantHeader } from './tenant-header.ts';

export interface Core {
  readonly telemetry: Telemetry;
  readonly plans: Plans;
  readonly protocol: Protocol;
  /** The durable state; open as long as anything else is. */
  readonly store: Store;
  /** The record of operations. */
  readonly audit: AppAudit;
  readonly identity: Identity;
  /** Who else is known: subjects of tokens, and the accounts of people. */
  readonly people: IdentityParts;
  /** Background jobs; kinds are registered while the core is made, and run once the server listens. */
  readonly jobs: Jobs;
  readonly secrets: ProcessSecrets;
  readonly routeEntry: ReturnType<typeof createRouteEntries>;
  readonly pool: FilePool;
  readonly limiter: Limiter;
  /** Operations that run now. */
  readonly running: ReadonlySet<Operation>;
  /** What the start has to say to the operator, one line each. */
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

export interface CoreOptions {
  readonly settings: AppSettings;
  readonly build: BuildInfo;
  /** stdio binds no address and knows its caller already, so the checks of a listener do not apply. */
  readonly transport: 'http' | 'stdio';
}

/** Throws ConfigurationError with everything that is wrong, PlanError with what could not be prepared. */
export async function createCore(options: CoreOptions): Promise<Core> {
  const { settings } = options;
  const loaded = await loadAll(settings);
  const warnings = options.transport === 'http' ? checkOrThrow(settings, loaded) : loaded.warnings;
  const telemetry = openTelemetry(options);
  const secrets = openSecrets(settings);
  let plans: Plans | undefined;
  const plan = () => inForce(plans);
  const state = await openState({ ...options, loaded, telemetry, secrets, plan });
  const { store, audit, identity } = state;
  const jobs = createJobs({ store, clock: systemClock, log: telemetry.log.child({ component: 'jobs' }) });
  const limiter = await openLimiter(settings, telemetry, store);
  const egress = openEgress(settings, telemetry);
  const { sessionSecret } = secrets;
  const people = createIdentityParts({
    settings,
    telemetry,
    egress,
    store,
    sessionSecret,
    audit: audit.events,
  });
  const gate = createGateDeps({
    settings,
    telemetry,
    identity,
    audit,
    tokens: people.tokens,
    limiter,
    salt: secrets.apiKeySalt,
  });
  const stages = { request: requestStages(gate), operation: operationStages(gate) };
  const pool = createFilePool({
    log: telemetry.log.child({ component: 'handler' }),
    onKill: telemetry.sandboxKill,
  });
  const closeTools = async () => {
    await Promise.all([pool.close(), egress.close(), limiter.close()]);
    people.close();
    await state.close();
  };
  try {
    const { ensureTenants } = identity;
    plans = await createPlans(loaded.definitions, {
      settings,
      telemetry,
      egress,
      pool,
      stages,
      audit,
      ensureTenants,
    });
    await audit.log.ready;
  } catch (error) {
    // Workers that checked handlers would keep the process of a refused start alive.
    await closeTools();
    await telemetry.close();
    throw error;
  }
  const opened = plans;
  const protocol = createProtocol({
    plans: opened.holder,
    log: telemetry.log.child({ component: 'protocol' }),
    secret: Buffer.from(sessionSecret),
    onSessionStart: audit.sessionEvents.started,
    onSessionEnd(seconds, session) {
      telemetry.sessionEnded('http', seconds);
      audit.sessionEvents.ended(seconds, session);
    },
  });
  return {
    telemetry,
    plans: opened,
    protocol,
    store,
    audit,
    identity,
    people,
    jobs,
    secrets,
    routeEntry: createRouteEntries(stages.operation),
    pool,
    limiter,
    running: gate.running,
    warnings,
    async close() {
      await jobs.stop(JOBS_GRACE_MS);
      protocol.close();
      await opened.close();
      await closeTools();
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

function openTelemetry({ settings, build }: CoreOptions): Telemetry {
  const journalStream = settings.env.JOURNAL_STREAM;
  return createTelemetry({
    settings: settings.environment.telemetry,
    build,
    // stdout is for what a person or a client asked for: the start report, or the protocol.
    stdio: true,
    ...(journalStream === undefined ? {} : { journalStream }),
  });
}

function openSecrets(settings: AppSettings): ProcessSecrets {
  const { apiKeySalt, sessionSecret } = settings.environment;
  return openProcessSecrets(settings.dataDirectory, {
    ...(apiKeySalt === undefined ? {} : { apiKeySalt }),
    ...(sessionSecret === undefined ? {} : { sessionSecret }),
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

/** The store, and who may call according to it. */
async function openState(
  deps: Pick<Core, 'telemetry' | 'secrets'> &
    Pick<CoreOptions, 'settings' | 'transport'> & { readonly loaded: LoadedAll; readonly plan: () => Plan },
): Promise<Pick<Core, 'store' | 'audit' | 'identity' | 'close'>> {
  const { settings, telemetry, secrets, plan, transport } = deps;
  const store = await openProcessStore(settings, telemetry);
  const audit = openAudit({ store, settings, telemetry, definitions: deps.loaded.definitions, transport });
  const close = async (identity?: Identity) => {
    await identity?.close();
    await audit.close();
    await store.close();
  };
  try {
    const identity = await openIdentity({
      store,
      telemetry,
      audit: audit.events,
      salt: secrets.apiKeySalt,
      processAllowlist: settings.environment.ipAllowlist ?? [],
      plan,
    });
    return { store, audit, identity, close: () => close(identity) };
  } catch (error) {
    await close();
    throw error;
  }
}

function inForce(plans: Plans | undefined): Plan {
  if (plans === undefined) throw new Error('no plan is in force yet');
  return plans.holder.current();
}
