// The plan in force and how it is replaced: by a change of its files, a signal or an administrator.
import type { Databases } from '../databases/databases.ts';
import type { LoadedDefinition } from '../definition/load.ts';
import { formatProblem } from '../definition/problem.ts';
import type { Definition } from '../definition/schema/definition.ts';
import { watchDefinitions } from '../definition/watch.ts';
import type { Egress } from '../egress/egress.ts';
import type { AuditEvent } from '../gate/audit/audit.ts';
import type { OperationStage, RequestStage } from '../gate/stage.ts';
import { DEFAULT_TENANT } from '../gate/tenant/tenant.ts';
import type { Models } from '../models/models.ts';
import { type CompiledPlan, compilePlan } from '../plan/compile.ts';
import { createPlanHolder, type SwappablePlan } from '../plan/holder.ts';
import { createReloader, type Reloader } from '../plan/reload.ts';
import type { Plan, ServerPlan } from '../plan/server-plan.ts';
import type { RolloutStateOf } from '../plan/versions.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Upstreams } from '../upstreams/upstreams.ts';
import type { WorkerLink } from '../workers/worker-link.ts';
import type { AppAudit } from './audit.ts';
import { ConfigurationError } from './configuration-error.ts';
import { loadAll } from './definitions.ts';
import { followUpstreams } from './follow-upstreams.ts';
import type { HandlerPools } from './handler-pools.ts';
import { createSecretReader } from './handler-secrets.ts';
import type { Once } from './once.ts';
import { type Packs, withPackServers } from './packs.ts';
import type { AppRollouts } from './rollouts.ts';
import type { StoredSecrets } from './secrets.ts';
import { createServerParts } from './server-parts.ts';
import type { AppSettings } from './settings.ts';
import { reloadAll, watchAsLeader } from './workers/reload-in-turn.ts';

/** The databases of the plans that are open, with the slug of their server. */
export type OpenDatabases = ReadonlySet<readonly [slug: string, databases: Databases]>;
/** Their models, likewise. */
export type OpenModels = ReadonlySet<readonly [slug: string, models: Models]>;

export interface Plans {
  readonly holder: SwappablePlan;
  readonly reloader: Reloader;
  readonly databases: OpenDatabases;
  readonly models: OpenModels;
  /** Starts to follow changes of the files and secrets that the plan in force was made from. */
  watch(): void;
  close(): Promise<void>;
}

export interface PlansDeps {
  readonly settings: AppSettings;
  readonly telemetry: Telemetry;
  readonly egress: Egress;
  readonly packs: Packs;
  readonly pools: HandlerPools;
  /** Makes what the definitions presuppose, before any of them is compiled. */
  readonly ensureTenants: (definitions: readonly LoadedDefinition[]) => Promise<void>;
  readonly audit: AppAudit;
  readonly storedSecrets: Pick<StoredSecrets, 'resolve' | 'watch'>;
  readonly stages: {
    readonly request: readonly RequestStage[];
    readonly operation: readonly OperationStage[];
  };
  readonly rollouts: Pick<AppRollouts, 'stateOf' | 'checkCanaries'>;
  /** Its cache is told of every server of a plan that a reload put in force. */
  readonly once: Pick<Once, 'cache'>;
  readonly upstreams: Pick<Upstreams, 'hold' | 'onChange'>;
  /** Set in a worker: all of them reload in turn, and one of them looks at the files. */
  readonly worker: WorkerLink | undefined;
}

/** Compiles the first plan. Throws PlanError with all that could not be prepared. */
export async function createPlans(first: readonly LoadedDefinition[], deps: PlansDeps): Promise<Plans> {
  const { settings, telemetry } = deps;
  const { log } = telemetry;
  const databases = new Set<readonly [string, Databases]>();
  const models = new Set<readonly [string, Models]>();
  // Handlers are prepared before the plan exists that they will read resources from.
  let holder: SwappablePlan | undefined;
  const compile = createCompiler(deps, { databases, models }, (definition) =>
    servedAs(definition, holder?.current()),
  );

  let files: readonly string[] = [];
  let loaded = first;
  const build = async (definitions: readonly LoadedDefinition[]): Promise<CompiledPlan> => {
    demandPromoted(definitions, deps.rollouts.stateOf);
    await deps.ensureTenants(definitions);
    const compiled = await compile(definitions, { isStrict: true });
    files = filesOf(settings, definitions, compiled);
    loaded = definitions;
    return compiled;
  };
  const upstreamChanges = followUpstreams(deps.upstreams, () => void reloader.rebuild());
  const { plan } = await build(first).catch((error: unknown) => {
    upstreamChanges.stop();
    throw error;
  });
  holder = createPlanHolder(plan, (error) => log.error({ error }, 'A replaced plan did not close cleanly.'));
  const { current } = holder;

  let stopFollowing: (() => void) | undefined;
  const watcher = createWatcher(
    () => files,
    () => askReload(),
  );
  const askReload = (): void => {
    if (deps.worker === undefined) void reloader.reload();
    else void reloadAll(deps.worker);
  };
  const reloader = createReloader({
    holder,
    build: async () => build((await loadAll(settings, deps.storedSecrets.resolve)).definitions),
    rebuild: () => compile(loaded, { isStrict: false }),
    finished({ kind, error }) {
      if (kind === 'rebuild') {
        if (error === undefined) log.info({}, 'What upstreams offer has changed, and is served so.');
        else log.error({ error }, 'What upstreams offer has changed, and cannot be served so.');
        return;
      }
      tellReload(deps, [...current().servers.keys()], error);
      deps.rollouts.checkCanaries();
      watcher.refresh();
    },
  });
  upstreamChanges.start();
  return {
    holder,
    reloader,
    databases,
    models,
    watch() {
      stopFollowing = followChanges(deps, watcher, askReload);
    },
    async close() {
      stopFollowing?.();
      watcher.stop();
      upstreamChanges.stop();
      await holder?.close();
    },
  };
}

/** Of several workers one says what all of them did; each one's answers are out of date. */
function tellReload(deps: PlansDeps, servers: readonly string[], error: unknown): void {
  const { telemetry, audit, once, worker } = deps;
  if (worker?.isLeader() ?? true) {
    telemetry.configReload(error === undefined ? 'success' : 'failure');
    audit.events.record(reloadEntry(error));
  }
  if (error === undefined) {
    for (const slug of servers) void once.cache.reloaded(slug);
    telemetry.log.notice({ event: 'config.reloaded', servers }, 'Reloaded.');
  } else {
    telemetry.log.error({ error }, 'The definition was not reloaded; what was served before is served on.');
  }
}

/** Asks for a reload when files or secrets change; of several workers one does. Returns the way to stop. */
function followChanges(
  { worker, storedSecrets }: PlansDeps,
  watcher: ReturnType<typeof createWatcher>,
  askReload: () => void,
): () => void {
  const stopSecrets = storedSecrets.watch(() => {
    if (worker?.isLeader() ?? true) askReload();
  });
  if (worker === undefined) watcher.start();
  const stopLeading = worker === undefined ? undefined : watchAsLeader(worker, watcher);
  return () => {
    stopLeading?.();
    stopSecrets();
  };
}

/** The server in force that was made from a definition, or from an earlier state of it. */
function servedAs({ slug, version }: Definition, plan: Plan | undefined): ServerPlan | undefined {
  const server = plan?.servers.get(slug);
  const canary = server?.versions?.canary;
  return canary?.definition.version === version ? canary : server;
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
  open: {
    readonly databases: Set<readonly [string, Databases]>;
    readonly models: Set<readonly [string, Models]>;
  },
  serverOf: Parameters<typeof createServerParts>[1]['serverOf'],
): (
  definitions: readonly LoadedDefinition[],
  options: { readonly isStrict: boolean },
) => Promise<CompiledPlan> {
  const { telemetry, egress, pools, packs, stages, audit, upstreams } = deps;
  const partsFor = (loaded: LoadedDefinition, isStrict: boolean) =>
    createServerParts(loaded, {
      egress,
      packs,
      pools,
      readSecret: createSecretReader(deps),
      telemetry,
      upstreams,
      isStrict,
      serverOf,
      opened(slug, { databases, models }) {
        const entry = [slug, databases] as const;
        const modelEntry = [slug, models] as const;
        open.databases.add(entry);
        open.models.add(modelEntry);
        return () => {
          open.databases.delete(entry);
          open.models.delete(modelEntry);
        };
      },
    });
  return (definitions, { isStrict }) => {
    for (const { secretValues } of definitions) {
      telemetry.redactor.addSecrets(secretValues);
      audit.log.addSecrets(secretValues);
    }
    return compilePlan(withPackServers(definitions), {
      requestStages: stages.request,
      operationStages: stages.operation,
      rolloutStateOf: deps.rollouts.stateOf,
      partsFor: (loaded) => partsFor(loaded, isStrict),
      log: telemetry.log.child({ component: 'handler' }),
      redactor: telemetry.redactor,
    });
  };
}

/**
 * A canary that took over is what everybody has: when it cannot be loaded, nothing is replaced, as with any other bad
 * definition.
 */
function demandPromoted(definitions: readonly LoadedDefinition[], stateOf: RolloutStateOf): void {
  const lost = definitions.flatMap(({ definition: { slug, rollout }, version }) => {
    const problems = version?.canaryProblems ?? [];
    const isPromoted = rollout !== undefined && stateOf(slug, rollout)?.status === 'promoted';
    return isPromoted ? problems.map(formatProblem) : [];
  });
  if (lost.length > 0) throw new ConfigurationError(lost);
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
