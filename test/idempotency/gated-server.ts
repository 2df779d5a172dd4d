// One server behind the whole gate over a store of the test's choice, with a tool that can say what became of a call.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { loadText } from '../../src/definition/load.ts';
import { createEgress } from '../../src/egress/egress.ts';
import { createLimiter } from '../../src/gate/limits/limiter.ts';
import { RunningOperations } from '../../src/gate/running-operations.ts';
import { type GateDeps, operationStages, requestStages } from '../../src/gate/stages.ts';
import type { HandlerFactory } from '../../src/handlers/handler.ts';
import { createHttpHandler } from '../../src/handlers/http/http-handler.ts';
import { compilePlan } from '../../src/plan/compile.ts';
import { createPlanHolder } from '../../src/plan/holder.ts';
import { createRouteEntries } from '../../src/plan/route-entry.ts';
import { createProtocol } from '../../src/protocol/protocol.ts';
import { createTasks } from '../../src/protocol/tasks/tasks.ts';
import type { Route } from '../../src/route.ts';
import type { Store } from '../../src/store/store.ts';
import { createRedactor } from '../../src/telemetry/redact.ts';
import { createHttpTransport } from '../../src/transport/http/server.ts';
import { SILENT_LOG } from '../support/http-endpoint.ts';

type HttpHandler = Parameters<ReturnType<typeof createHttpHandler>>[0];

export interface GatedServer {
  readonly url: string;
  readonly origin: string;
  close(): Promise<void>;
}

export interface GatedServerOptions {
  readonly definition: string;
  /** The stages' state: keys, cache, approvals. */
  readonly gate?: Partial<GateDeps>;
  readonly routes?: readonly Route[];
  /** Makes another handler of the real one. */
  readonly wrap?: (factory: HandlerFactory<HttpHandler>) => HandlerFactory<HttpHandler>;
  /** Where calls that go on are kept, and after how long a silent process is gone. */
  readonly tasks?: { readonly store: Store; readonly leaseMs?: number };
}

/** Compiles the definition as the product does and listens on a free port of loopback. */
export async function startGatedServer(options: GatedServerOptions): Promise<GatedServer> {
  const directory = mkdtempSync(join(tmpdir(), 'quayside-gated-'));
  const deps = gateDeps(options.gate);
  const egress = createEgress({ allow: '', log: SILENT_LOG });
  const http = createHttpHandler({ egress, redactText: (text) => text });
  const { definitions, errors } = loadText(join(directory, 'quayside.yaml'), options.definition, {
    env: {},
    environment: 'development',
    purpose: 'serve',
  });
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  const stages = { request: requestStages(deps), operation: operationStages(deps) };
  const { plan } = await compilePlan(definitions, {
    requestStages: stages.request,
    operationStages: stages.operation,
    partsFor: () => ({ factories: { http: options.wrap?.(http) ?? http }, close: () => Promise.resolve() }),
    log: SILENT_LOG,
    redactor: createRedactor(),
  });
  const plans = createPlanHolder(plan, () => undefined);
  const tasks =
    options.tasks === undefined
      ? undefined
      : createTasks({
          ...options.tasks,
          clock: systemClock,
          log: SILENT_LOG,
          plans,
          stillAdmitted: () => true,
        });
  const protocol = createProtocol({ plans, log: SILENT_LOG, ...(tasks === undefined ? {} : { tasks }) });
  const transport = createHttpTransport({
    plans,
    protocol,
    log: SILENT_LOG,
    routes: options.routes ?? [],
    routeEntry: createRouteEntries(stages.operation),
  });
  const port = await transport.listen({ host: '127.0.0.1', port: 0 });
  return {
    origin: `http://127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}/mcp`,
    async close() {
      await tasks?.close();
      protocol.close();
      await transport.close();
      await egress.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function gateDeps(own: Partial<GateDeps> | undefined): GateDeps {
  return {
    host: { bindHost: '127.0.0.1', allowedHosts: [] },
    ipAllowlist: [],
    limiter: createLimiter({ now: () => performance.now() }),
    credential: {
      keys: { keys: () => [], onChange: () => () => undefined },
      salt: 'a test salt of the gate',
      now: Date.now,
    },
    tenants: { find: (name) => ({ ...ANY_TENANT, id: name, name, slug: name }) },
    events: {
      authenticated: () => undefined,
      denied: () => undefined,
      limited: () => undefined,
      limitWarning: () => undefined,
    },
    running: new RunningOperations(),
    observerFor: () => ({ started: () => undefined, finished: () => undefined }),
    audit: undefined,
    ...own,
  };
}

const ANY_TENANT = { isActive: true, settings: {}, createdAt: 0, updatedAt: 0 };
