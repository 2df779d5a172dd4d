// `/metrics` on a port of its own (METRICS_PORT): for scrapers, without a credential, behind the Host check.
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { metricsRoute } from '../operations/routes/about-routes.ts';
import { answerUnroutable, mountRoutes, type RouteDeps } from '../transport/http/routes.ts';
import type { WorkerLink } from '../workers/worker-link.ts';
import type { Core } from './core.ts';
import { metricsOfAll } from './workers/worker-duties.ts';

/** A scrape has no body; who sends one slowly is cut off. */
const BODY_TIMEOUT_MS = 5000;

/** Listens; resolves with the way to stop. Throws when the address is in use. */
export async function createMetricsListener(options: {
  readonly core: Core;
  readonly host: string;
  readonly port: number;
  readonly worker: WorkerLink | undefined;
}): Promise<{ readonly port: number; close(): Promise<void> }> {
  const { core } = options;
  const deps: RouteDeps = {
    plans: core.plans.holder,
    log: core.telemetry.log.child({ component: 'http' }),
    routeEntry: core.routeEntry,
    listener: { bodyTimeoutMs: BODY_TIMEOUT_MS, isDraining: false, inFlight: 0 },
    observeRequest: core.telemetry.observeRequest,
  };
  const router = fastify({ logger: false, frameworkErrors: answerUnroutable(deps) });
  mountRoutes(router, [metricsRoute(core.telemetry.metrics, 'public', metricsOfAll(options.worker))], deps);
  await router.listen({ host: options.host, port: options.port });
  return { port: parseAddress(router.server.address()).port, close: () => router.close() };
}

function parseAddress(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('The metrics listener has no port.');
  return address;
}
