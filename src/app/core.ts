// What every way of serving shares: telemetry, keys, the gate, handlers, a plan in force and the protocol over it.
import { join } from 'node:path';
import { createEgress, type Egress } from '../egress/egress.ts';
import { type KeyFile, openKeyFile } from '../gate/credential/key-file.ts';
import { operationStages, requestStages } from '../gate/stages.ts';
import { createFilePool, type FilePool } from '../handlers/file/pool.ts';
import { createJobs, type Jobs } from '../jobs/jobs.ts';
import { systemClock } from '../operations/clock.ts';
import { createRouteEntries } from '../plan/route-entry.ts';
import { createProtocol, type Protocol } from '../protocol/protocol.ts';
import { openProcessSecrets, type ProcessSecrets } from '../secrets/process-secrets.ts';
import type { Store } from '../store/store.ts';
import { type BuildInfo, createTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import type { Operation } from '../tool.ts';
import { ConfigurationError } from './configuration-error.ts';
import { type LoadedAll, loadAll } from './definitions.ts';
import { createGateDeps } from './gate-deps.ts';
import { createPlans, type Plans } from './plans.ts';
import { environmentSecrets, openStoredSecrets, type StoredSecrets, secretsAtStart } from './secrets.ts';
import type { AppSettings } from './settings.ts';
import { checkStart } from './start-checks.ts';
import { openProcessStore } from './store.ts';

export interface Core {
  readonly telemetry: Telemetry;
  readonly plans: Plans;
  readonly protocol: Protocol;
  readonly keyFile: KeyFile;
  /** The durable state; open as long as anything else is. */
  readonly store: Store;
  /** Background jobs; kinds are registered while the core is made, and run once the server listens. */
  readonly jobs: Jobs;
  readonly secrets: ProcessSecrets;
  /** What users store. */
  readonly storedSecrets: StoredSecrets;
  readonly routeEntry: ReturnType<typeof createRouteEntries>;
  readonly pool: FilePool;
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
  const early = secretsAtStart(settings);
  const loaded = await loadAll(settings, early.resolve);
  const warnings = options.transport === 'http' ? checkOrThrow(settings, loaded) : loaded.warnings;
  const telemetry = openTelemetry(options);
  const secrets = openSecrets(settings, telemetry);
  const store = await openProcessStore(settings, telemetry);
  const jobs = createJobs({ store, clock: systemClock, log: telemetry.log.child({ component: 'jobs' }) });
  const keyFile = openKeyFile({
    path: join(settings.dataDirectory, 'keys.json'),
    salt: secrets.apiKeySalt,
    watch: true,
    onDamage: (error) => telemetry.log.error({ component: 'keys' }, error.message),
  });
  const gate = createGateDeps({ settings, telemetry, keyFile, salt: secrets.apiKeySalt });
  const stages = { request: requestStages(gate), operation: operationStages(gate) };
  const egress = openEgress(settings, telemetry);
  const pool = createFilePool({
    log: telemetry.log.child({ component: 'handler' }),
    onKill: telemetry.sandboxKill,
  });
  const closeTools = async () => {
    await Promise.all([pool.close(), egress.close()]);
    keyFile.close();
    await store.close();
  };
  const plansDeps = { settings, telemetry, egress, pool, stages };
  let plans: Plans;
  let storedSecrets: StoredSecrets;
  try {
    storedSecrets = await openStoredSecrets({ settings, store, egress, areNamed: early.areNamed() });
    plans = await createPlans(loaded.definitions, { ...plansDeps, storedSecrets });
  } catch (error) {
    // Workers that checked handlers would keep the process of a refused start alive.
    await closeTools();
    await telemetry.close();
    throw error;
  }
  telemetry.watchKeyAges(() => keyAges(keyFile, Date.now()));
  const protocol = createProtocol({
    plans: plans.holder,
    log: telemetry.log.child({ component: 'protocol' }),
    secret: Buffer.from(secrets.sessionSecret),
    onSessionEnd: (seconds) => telemetry.sessionEnded('http', seconds),
  });
  return {
    telemetry,
    plans,
    protocol,
    keyFile,
    store,
    jobs,
    secrets,
    storedSecrets,
    routeEntry: createRouteEntries(stages.operation),
    pool,
    running: gate.running,
    warnings,
    async close() {
      await jobs.stop(JOBS_GRACE_MS);
      protocol.close();
      await plans.close();
      await closeTools();
    },
  };
}

function checkOrThrow(settings: AppSettings, { definitions, warnings }: LoadedAll): readonly string[] {
  const findings = checkStart({ ...settings, definitions });
  if (findings.errors.length > 0) throw new ConfigurationError(findings.errors);
  return [...warnings, ...findings.warnings];
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

function openSecrets(settings: AppSettings, telemetry: Telemetry): ProcessSecrets {
  const { apiKeySalt, sessionSecret } = settings.environment;
  const secrets = openProcessSecrets(settings.dataDirectory, {
    ...(apiKeySalt === undefined ? {} : { apiKeySalt }),
    ...(sessionSecret === undefined ? {} : { sessionSecret }),
  });
  telemetry.redactor.addSecrets([...environmentSecrets(settings.env), ...Object.values(secrets)]);
  return secrets;
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

const DAY_MS = 24 * 60 * 60 * 1000;

/** Keys of a definition carry no date; only those of the key file age. */
function keyAges(keyFile: KeyFile, now: number) {
  return keyFile
    .keys()
    .filter((key) => key.enabled)
    .map(({ name, createdAt }) => ({ name, days: (now - Date.parse(createdAt)) / DAY_MS }));
}
