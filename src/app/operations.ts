// The process seen from outside: health, probes, diagnostics, administration and signals.
import type { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { type Clock, systemClock } from '../clock.ts';
import { withHiddenSecrets } from '../definition/secret-places.ts';
import { jobRoutes } from '../jobs/job-routes.ts';
import { collectDiagnostics, type DiagnosticsDeps, dumpDiagnostics } from '../operations/diagnostics.ts';
import { createEventLoopMonitor } from '../operations/event-loop.ts';
import {
  clockComponent,
  configComponent,
  diskComponent,
  eventLoopComponent,
  handlersComponent,
  storeComponent,
} from '../operations/health/components.ts';
import { createHealth } from '../operations/health/health.ts';
import type { Lifecycle } from '../operations/lifecycle.ts';
import { createLogLevelControl } from '../operations/log-level.ts';
import { aboutRoutes, metricsRoute } from '../operations/routes/about-routes.ts';
import { adminRoutes } from '../operations/routes/admin-routes.ts';
import { probeRoutes } from '../operations/routes/probe-routes.ts';
import { secretRoutes } from '../operations/routes/secret-routes.ts';
import { createServiceManager, type ServiceManager } from '../operations/service-manager.ts';
import { listenToSignals } from '../operations/signals.ts';
import { returnStartMemory } from '../operations/start-memory.ts';
import type { Route } from '../route.ts';
import type { BuildInfo } from '../telemetry/telemetry.ts';
import type { JsonObject, Operation } from '../tool.ts';
import type { WorkerLink } from '../workers/worker-link.ts';
import type { Core } from './core.ts';
import { watchDatabases } from './database-health.ts';
import { limitsComponent } from './limits.ts';
import { modelsComponent } from './model-health.ts';
import { createAgeReminder } from './secret-ages.ts';
import type { AppSettings } from './settings.ts';
import { hasTenantHeader, tenantHeaderFinding } from './tenant-header.ts';
import { watchIssuers } from './tokens.ts';
import { reloadAll } from './workers/reload-in-turn.ts';
import { metricsOfAll, sharedLevels, wholeLifecycle, workersComponent } from './workers/worker-duties.ts';

export interface Operations {
  readonly routes: readonly Route[];
  readonly serviceManager: ServiceManager;
  /** Checks every component once, then in the background. */
  start(): Promise<void>;
  /** Resolves with the exit code when a signal has brought the process to its end. */
  readonly ended: Promise<number>;
  stop(): void;
}

export interface OperationsDeps {
  readonly core: Core;
  readonly settings: AppSettings;
  readonly build: BuildInfo;
  readonly lifecycle: Lifecycle;
  /** Requests that have been let in and have no answer yet. */
  readonly inFlight: () => number;
  /** Sends the signals of the process. */
  readonly signals: EventEmitter;
  /** Set in a worker. */
  readonly worker: WorkerLink | undefined;
}

/** Listens to signals from now on: before that, SIGUSR1 would open the runtime's debugger. */
export function createOperations(deps: OperationsDeps): Operations {
  const { core, settings, lifecycle, worker } = deps;
  const { log } = core.telemetry;
  const clock: Clock = systemClock;
  const health = createHealth({ clock, log: log.child({ component: 'health' }) });
  const eventLoop = createEventLoopMonitor();
  const levels = sharedLevels(createLogLevelControl({ levels: log.levels, clock, log }), worker);
  const serviceManager = createServiceManager({ env: settings.env, clock, log, pid: process.pid });
  const reload = () => (worker === undefined ? core.plans.reloader.reload() : reloadAll(worker));
  const diagnostics = diagnosticsDeps(deps, { clock, health, eventLoop });

  addComponents(deps, { clock, health, eventLoop });
  const ages = createAgeReminder({ core, settings, clock });
  let stopReturning: (() => void) | undefined;

  const ended = new Promise<number>((resolve) => {
    const dump = () =>
      dumpDiagnostics(diagnostics, join(settings.dataDirectory, 'diagnostics'), worker?.slot);
    listenToSignals({
      source: deps.signals,
      lifecycle,
      log,
      levels,
      serviceManager,
      reload,
      dump,
      exit: resolve,
    });
  });
  return {
    routes: [
      ...processRoutes(deps, { clock, health }),
      ...core.audit.routes,
      ...core.people.routes(core.plans.holder),
      ...secretRoutes({ secrets: core.storedSecrets.secrets, audit: core.audit.events }),
      ...jobRoutes(core.jobs.queue),
      ...adminRoutes({
        log,
        redactor: core.telemetry.redactor,
        levels,
        lifecycle: wholeLifecycle(lifecycle, worker),
        inFlight: deps.inFlight,
        diagnostics: () => collectDiagnostics(diagnostics),
        reload,
      }),
      ...core.once.routes,
      ...core.flags.routes,
      ...core.rollouts.routes,
      ...core.upstreams.routes,
      ...core.packs.routes,
    ],
    serviceManager,
    async start() {
      await ages.start();
      await health.start();
      stopReturning = returnStartMemory(clock, deps.inFlight);
    },
    ended,
    stop() {
      stopReturning?.();
      ages.stop();
      health.stop();
      eventLoop.stop();
      levels.close();
    },
  };
}

type Watching = Pick<DiagnosticsDeps, 'clock' | 'health' | 'eventLoop'>;

/** Everything whose state `/health` tells. */
function addComponents(
  { core, settings, worker }: OperationsDeps,
  { clock, health, eventLoop }: Watching,
): void {
  const { log } = core.telemetry;
  health.add(configComponent({ loaded: () => true, lastError: core.plans.reloader.lastError }));
  health.add(handlersComponent(core.pools.problem));
  health.add(storeComponent(core.store.problem));
  health.add(diskComponent({ directory: settings.dataDirectory, logProblem: () => log.problem() }));
  health.add(clockComponent(clock));
  health.add(core.audit.component);
  health.add(eventLoopComponent(eventLoop));
  if (hasTenantHeader(settings))
    health.add({ name: 'tenant_header', critical: false, check: tenantHeaderFinding });
  health.add(limitsComponent(core.limiter));
  if (core.flags.component !== undefined) health.add(core.flags.component);
  health.add(core.upstreams.component);
  if (worker !== undefined) {
    const count = () => health.add(workersComponent(worker));
    count();
    worker.onState(count);
  }
  watchDatabases(core, health);
  health.add(modelsComponent(core.plans.models, clock));
  watchIssuers(core.people.tokens, core.plans.holder, health);
}

function diagnosticsDeps(deps: OperationsDeps, watching: Watching): DiagnosticsDeps {
  const { core, build, lifecycle, inFlight } = deps;
  const { log, metrics, redactor } = core.telemetry;
  const { holder, databases } = core.plans;
  return {
    ...watching,
    build,
    lifecycle,
    log,
    metrics,
    redactor,
    activeRequests: () => [...core.running].map(showOperation),
    configuration: () =>
      [...holder.current().servers.values()].map((server) => withHiddenSecrets(server.definition)),
    pools: () => ({
      requests: { in_flight: inFlight() },
      handlers: core.pools.stats,
      databases: [...databases].flatMap(([, opened]) => opened.stats()),
    }),
  };
}

function processRoutes(
  { core, settings, build, lifecycle, worker }: OperationsDeps,
  { clock, health }: Pick<Watching, 'clock' | 'health'>,
): readonly Route[] {
  const { healthCheckPath, metricsPort, telemetry } = settings.environment;
  const { holder } = core.plans;
  const hasMetrics = telemetry.metricsEnabled && metricsPort === undefined;
  return [
    ...aboutRoutes({
      build,
      name: () => holder.current().defaultServer.definition.name,
      endpoints: () => ['/mcp', ...[...holder.current().servers.keys()].map((slug) => `/mcp/${slug}`)],
    }),
    ...probeRoutes({
      health,
      lifecycle: wholeLifecycle(lifecycle, worker),
      clock,
      version: build.version,
      ...(healthCheckPath === undefined ? {} : { healthPath: healthCheckPath }),
    }),
    ...(hasMetrics ? [metricsRoute(core.telemetry.metrics, 'loopback', metricsOfAll(worker))] : []),
  ];
}

function showOperation({
  requestId,
  method,
  name,
  principal,
  clientAddress,
  startedAt,
}: Operation): JsonObject {
  return {
    request_id: requestId,
    method,
    name,
    principal: principal.id,
    client_address: clientAddress,
    age_ms: Math.round(performance.now() - startedAt),
  };
}
