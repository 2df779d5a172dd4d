// Serves over HTTP, from the first plan to the last answer.
import type { EventEmitter } from 'node:events';
import { systemClock } from '../clock.ts';
import { createLifecycle } from '../operations/lifecycle.ts';
import type { Plan } from '../plan/server-plan.ts';
import type { Route } from '../route.ts';
import type { BuildInfo } from '../telemetry/telemetry.ts';
import { withOpenApi } from '../transport/http/openapi-route.ts';
import { createHttpTransport, type HttpTransport } from '../transport/http/server.ts';
import { serverCardRoutes } from '../transport/http/server-card-routes.ts';
import type { WorkerLink } from '../workers/worker-link.ts';
import { type Core, createCore } from './core.ts';
import { createMetricsListener } from './metrics-listener.ts';
import { createOperations, type Operations } from './operations.ts';
import type { AppSettings } from './settings.ts';
import { guardStreams } from './stream-guard.ts';
import { serveAsWorker } from './workers/worker-duties.ts';

/** A server that answers calls over HTTP. */
export interface HttpApp {
  readonly core: Core;
  /** Such as `http://127.0.0.1:3000`. */
  readonly origin: string;
  /** Resolves with the exit code when the process should end. */
  readonly ended: Promise<number>;
  /** Lets running calls finish, then closes everything. */
  stop(): Promise<void>;
}

export interface HttpAppOptions {
  readonly settings: AppSettings;
  readonly build: BuildInfo;
  /** What sends the signals of the process. Default: the process. */
  readonly signals?: EventEmitter;
  /** Set in a worker. */
  readonly worker?: WorkerLink;
}

/** Resolves when calls are answered. Throws what createCore throws, and the listener's error (address in use). */
export async function startHttpApp(options: HttpAppOptions): Promise<HttpApp> {
  const { settings, build, worker, signals = worker?.signals ?? process } = options;
  const core = await createCore({ ...options, transport: 'http' });
  const { log } = core.telemetry;
  const { holder } = core.plans;
  const { drainTimeoutMs, metricsPort, telemetry } = settings.environment;

  // The steps of the end need what only exists after them; none of them runs before the process is ready.
  let transport: HttpTransport | undefined;
  let operations: Operations | undefined;
  let stopGuard: (() => void) | undefined;
  let metricsListener: { close(): Promise<void> } | undefined;
  const inFlight = () => transport?.inFlight() ?? 0;
  const close = async () => {
    stopGuard?.();
    await transport?.close();
    await metricsListener?.close();
    operations?.stop();
    await core.close();
  };
  const lifecycle = createLifecycle({
    clock: systemClock,
    log: log.child({ component: 'lifecycle' }),
    inFlight,
    ...(drainTimeoutMs === undefined ? {} : { drainTimeoutMs }),
    steps: {
      stopAccepting: () => transport?.pause(),
      stopListening: () => transport?.stopListening(),
      resumeAccepting: () => transport?.resume(),
      close,
      flush: () => core.telemetry.close(),
    },
  });
  operations = createOperations({ core, settings, build, lifecycle, inFlight, signals, worker });
  transport = createHttpTransport({
    plans: holder,
    protocol: core.protocol,
    log: log.child({ component: 'http' }),
    routes: allRoutes(operations, { core, settings, build }),
    routeEntry: core.routeEntry,
    observeRequest: core.telemetry.observeRequest,
    streamsAtOnce: core.flags.streamsAtOnce,
    ...(core.sessionRoute === undefined ? {} : { sessionRoute: core.sessionRoute }),
  });
  core.telemetry.watchConnections('http', transport.connections);
  stopGuard = guardStreams({ core, clock: systemClock, end: transport.end });
  let port: number;
  try {
    await operations.start();
    port = await openDoor(options, holder.current(), transport);
    if (telemetry.metricsEnabled && metricsPort !== undefined) {
      metricsListener = await createMetricsListener({ core, host: settings.host, port: metricsPort, worker });
    }
  } catch (error) {
    // What is open by now would keep the process of a refused start alive.
    await close();
    await core.telemetry.close();
    throw error;
  }
  const origin = `http://${shownHost(settings.host)}:${port}`;
  core.upstreams.listening(origin);
  core.plans.watch();
  core.jobs.start();
  if (worker !== undefined) serveAsWorker(worker, { core, settings, lifecycle });
  lifecycle.ready();
  await operations.serviceManager.ready(`Serving on port ${port}`);
  log.notice({ host: settings.host, port, servers: [...holder.current().servers.keys()] }, 'Serving.');
  return { core, origin, ended: operations.ended, stop: lifecycle.stop };
}

/** In a worker the primary listens and hands connections over. Resolves with the port. */
function openDoor(
  { settings, worker }: HttpAppOptions,
  plan: Plan,
  transport: HttpTransport,
): Promise<number> {
  const place = { host: settings.host, port: settings.port ?? plan.defaultServer.definition.port };
  if (worker === undefined) return transport.listen(place);
  return transport.listen(place, (take) => worker.receive(place, take));
}

/** The routes with the one that describes them, on the default server's settings. */
function allRoutes(
  operations: Operations,
  { core, settings, build }: Pick<HttpAppOptions, 'settings' | 'build'> & { readonly core: Core },
): readonly Route[] {
  const { holder } = core.plans;
  const { publicUrl } = settings.environment;
  const cards = serverCardRoutes({ plans: holder, publicUrl });
  return withOpenApi([...operations.routes, ...core.identity.routes, ...cards], () => ({
    version: build.version,
    keyHeader: holder.current().defaultServer.definition.security.authentication?.headerName ?? 'x-api-key',
  }));
}

function shownHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
