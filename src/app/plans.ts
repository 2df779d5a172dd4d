// The plan in force and how it is replaced: by a change of its files, a signal or an administrator.
import type { Databases } from '../databases/databases.ts';
import type { LoadedDefinition } from '../definition/load.ts';
import { watchDefinitions } from '../definition/watch.ts';
import type { Egress } from '../egress/egress.ts';
import type { AuditEvent } from '../gate/audit/audit.ts';
import type { OperationStage, RequestStage } from '../gate/stage.ts';
import { DEFAULT_TENANT } from '../gate/tenant/tenant.ts';
import { type CompiledPlan, compilePlan } from '../plan/compile.ts';
import { createPlanHolder, type SwappablePlan } from '../plan/holder.ts';
import { createReloader, type Reloader } from '../plan/reload.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { AppAudit } from './audit.ts';
import { loadAll } from './definitions.ts';
import type { HandlerPools } from './handler-pools.ts';
import { createSecretReader } from './handler-secrets.ts';
import type { Once } from './once.ts';
import type { StoredSecrets } from './secrets.ts';
import { createServerParts } from './server-parts.ts';
import type { AppSettings } from './settings.ts';

/** The databases of the plans that are open, with the slug of their server. */
export type OpenDatabases = ReadonlySet<readonly [slug: string, databases: Databases]>;

export interface Plans {
  readonly holder: SwappablePlan;
  readonly reloader: Reloader;
  readonly databases: OpenDatabases;
  /** Starts to follow changes of the files and secrets that the plan in force was made from. */
  watch(): void;
  close(): Promise<void>;
}

export interface PlansDeps {
  readonly settings: AppSettings;
  readonly telemetry: Telemetry;
  readonly egress: Egress;
  readonly pools: HandlerPools;
  /** Makes what the definitions presuppose, before any of them is compiled. */
  readonly ensureTenants: (definitions: readonly LoadedDefinition[]) => Promise<void>;
  readonly audit: AppAudit;
  readonly storedSecrets: Pick<StoredSecrets, 'resolve' | 'watch'>;
  readonly stages: {
    readonly request: readonly RequestStage[];
    readonly operation: readonly OperationStage[];
  };
  /** Its cache is told of every server of a plan that a reload put in force. */
  readonly once: Pick<Once, 'cache'>;
}

/** Compiles the first plan. Throws PlanError with all that could not be prepared. */
export async function createPlans(first: readonly LoadedDefinition[], deps: PlansDeps): Promise<Plans> {
  const { settings, telemetry } = deps;
  const { log } = telemetry;
  const databases = new Set<readonly [string, Databases]>();
  // Handlers are prepared before the plan exists that they will read resources from.
  let holder: SwappablePlan | undefined;
  const compile = createCompiler(deps, databases, (slug) => holder?.current().servers.get(slug));

  let files: readonly string[] = [];
  const build = async (definitions: readonly LoadedDefinition[]): Promise<CompiledPlan> => {
    await deps.ensureTenants(definitions);
    const compiled = await compile(definitions);
    files = filesOf(settings, definitions, compiled);
    return compiled;
  };
  const { plan } = await build(first);
  holder = createPlanHolder(plan, (error) => log.error({ error }, 'A replaced plan did not close cleanly.'));
  const { current } = holder;

  let stopSecrets: (() => void) | undefined;
  const watcher = createWatcher(
    () => files,
    () => void reloader.reload(),
  );
  const reloader = createReloader({
    holder,
    build: async () => build((await loadAll(settings, deps.storedSecrets.resolve)).definitions),
    finished({ error }) {
      telemetry.configReload(error === undefined ? 'success' : 'failure');
      deps.audit.events.record(reloadEntry(error));
      if (error === undefined)
        for (const slug of current().servers.keys()) void deps.once.cache.reloaded(slug);
      if (error === undefined)
        log.notice({ event: 'config.reloaded', servers: [...current().servers.keys()] }, 'Reloaded.');
      else log.error({ error }, 'The definition was not reloaded; what was served before is served on.');
      watcher.refresh();
    },
  });
  return {
    holder,
    reloader,
    databases,
    watch() {
      watcher.start();
      stopSecrets = deps.storedSecrets.watch(() => void reloader.reload());
    },
    async close() {
      watcher.stop();
      stopSecrets?.();
      await holder?.close();
    },
  };
}

function reloadEntry(error: unknown): AuditEvent {
  const result = error === undefined ? 'success' : 'failure';
  const failure = error instanceof Error ? { metadata: { error: error.message } } : {};
  return {
    eventType: 'config.reloaded',
    result,
    tenantId: DEFAULT_TENANT,
    action: 'reload',
    resourceType: 'definition',
    ...failure,
  };
}

function createCompiler(
  deps: PlansDeps,
  databases: Set<readonly [string, Databases]>,
  serverOf: Parameters<typeof createServerParts>[1]['serverOf'],
): (definitions: readonly LoadedDefinition[]) => Promise<CompiledPlan> {
  const { telemetry, egress, pools, stages, audit } = deps;
  const partsFor = (loaded: LoadedDefinition) =>
    createServerParts(loaded, {
      egress,
      pools,
      readSecret: createSecretReader(deps),
      telemetry,
      serverOf,
      databasesOpened(slug, opened) {
        const entry = [slug, opened] as const;
        databases.add(entry);
        return () => databases.delete(entry);
      },
    });
  return (definitions) => {
    for (const { secretValues } of definitions) {
      telemetry.redactor.addSecrets(secretValues);
      audit.log.addSecrets(secretValues);
    }
    return compilePlan(definitions, {
      requestStages: stages.request,
      operationStages: stages.operation,
      partsFor,
      log: telemetry.log.child({ component: 'handler' }),
      redactor: telemetry.redactor,
    });
  };
}

function filesOf(
  settings: AppSettings,
  definitions: readonly LoadedDefinition[],
  compiled: CompiledPlan,
): readonly string[] {
  const own = definitions.flatMap((loaded) => [loaded.file, ...loaded.files]);
  return [...new Set([settings.path, ...own, ...compiled.files])].sort();
}

/** Watches the files of the plan in force; when a reload changed which they are, watches the new ones. */
function createWatcher(files: () => readonly string[], onChange: () => void) {
  let watched: string | undefined;
  let stop: (() => void) | undefined;
  const start = () => {
    watched = files().join('\n');
    stop = watchDefinitions(files(), onChange);
  };
  return {
    start,
    refresh() {
      if (stop === undefined || watched === files().join('\n')) return;
      stop();
      start();
      // A change between reading the files and watching the new ones was seen by neither watcher.
      onChange();
    },
    stop() {
      stop?.();
      stop = undefined;
    },
  };
}
