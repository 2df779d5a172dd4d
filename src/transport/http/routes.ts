// Mounts the route tables of other parts on fastify's router, behind the same gate as MCP.
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { QuaysideError } from '../../errors.ts';
import { admit } from '../../gate/pipeline.ts';
import type { Entry, Plan, PlanHolder } from '../../plan/server-plan.ts';
import { toPublicError } from '../../protocol/error-answer.ts';
import type { Route, RouteAnswer, RouteRequest } from '../../route.ts';
import type { Log } from '../../telemetry/log.ts';
import type { RequestObservation } from '../../telemetry/observer.ts';
import { writeAnswer } from './answer.ts';
import { preflightHeaders } from './cors.ts';
import { type ExchangeOptions, HttpExchange, type ListenerState } from './exchange.ts';
import { holdPlan } from './hold.ts';
import { runGoverned } from './route-operation.ts';
import { type MountedRoute, mount } from './route-schema.ts';

/** What mounted routes share with the rest of the transport. */
export interface RouteDeps {
  readonly plans: PlanHolder;
  readonly log: Log;
  /** The stages that a route's calls pass under a plan; made once per plan by whoever composes it. */
  readonly routeEntry: (plan: Plan, route: Route) => Entry<Route>;
  readonly listener: ListenerState;
  readonly observeRequest?: (observation: RequestObservation) => void;
}

/** Adds each route, OPTIONS for its path, and the answer for everything that no route fits. */
export function mountRoutes(app: FastifyInstance, routes: readonly Route[], deps: RouteDeps): void {
  // The gate reads bodies itself, within its limits; fastify must not touch them.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined));
  const methods = new Map<string, string[]>();
  for (const route of routes) {
    const mounted = mount(route);
    app.route({
      method: route.method,
      url: route.path,
      handler: (request, reply) => handle(deps, mounted, request, reply),
    });
    methods.set(route.path, [...(methods.get(route.path) ?? []), route.method]);
  }
  for (const [path, allowed] of methods) {
    app.options(path, (request, reply) =>
      preflight(deps, request, reply, [...allowed, 'OPTIONS'].join(', ')),
    );
  }
  app.setNotFoundHandler((request, reply) => handleUnmatched(deps, request, reply, methods));
}

/** What fastify itself cannot route, such as `/%zz`, is answered like any other path that no route fits. */
export function answerUnroutable(
  deps: RouteDeps,
): (error: unknown, request: FastifyRequest, reply: FastifyReply) => void {
  return (_error, request, reply) => void handleUnmatched(deps, request, reply, NO_METHODS);
}

const NO_METHODS: ReadonlyMap<string, readonly string[]> = new Map();

async function handle(
  deps: RouteDeps,
  mounted: MountedRoute,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { route } = mounted;
  const exchange = openExchange(deps, request, reply, CREDENTIAL_OPTIONAL[route.access], route);
  const { plan, release } = holdPlan(deps.plans, deps.listener);
  let failure: Error | undefined;
  let governed = false;
  try {
    const refusal = await admit(exchange, plan.defaultServer.requestStages);
    if (refusal !== undefined) throw refusal;
    const asked = parseRequest(mounted, exchange, request);
    governed = needsPermission(route, exchange);
    const answer = governed
      ? await runGoverned(deps.routeEntry(plan, route), exchange, asked)
      : await route.handle(asked);
    send(exchange, plan, answer);
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
    sendError(deps, exchange, plan, failure);
  } finally {
    release();
  }
  observe(deps, exchange, route.path, governed ? undefined : { error: failure });
}

const CREDENTIAL_OPTIONAL = { public: true, loopback: isLoopback, permission: false } as const;

/** Public routes answer anybody; loopback routes anybody on this machine. */
function needsPermission(route: Route, exchange: HttpExchange): boolean {
  if (route.access === 'public') return false;
  return !(route.access === 'loopback' && isLoopback(exchange.clientAddress));
}

function parseRequest(mounted: MountedRoute, exchange: HttpExchange, request: FastifyRequest): RouteRequest {
  const params = mounted.params(request.params ?? {}) as RouteRequest['params'];
  const query = mounted.query(request.query ?? {}) as RouteRequest['query'];
  const body = mounted.body(exchange.body);
  const controller = new AbortController();
  exchange.response.once('close', () => {
    if (!exchange.response.writableFinished) controller.abort(new Error('The client is gone.'));
  });
  return {
    params,
    query,
    body,
    headers: exchange.headers,
    principal: exchange.principal,
    ...(exchange.onBehalfOf === undefined ? {} : { onBehalfOf: exchange.onBehalfOf }),
    clientAddress: exchange.clientAddress,
    requestId: exchange.requestId,
    signal: controller.signal,
  };
}

async function preflight(
  deps: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  methods: string,
): Promise<void> {
  const exchange = openExchange(deps, request, reply, true);
  const plan = deps.plans.current();
  const refusal = await admit(exchange, plan.defaultServer.requestStages);
  if (refusal === undefined) {
    exchange.response
      .writeHead(204, [...preflightHeaders(exchange.headers, plan.defaultServer, methods)])
      .end();
  } else {
    sendError(deps, exchange, plan, refusal);
  }
  observe(deps, exchange, 'preflight', { error: refusal });
}

/** Unknown paths are refused like known ones until the caller is known (governance §1.1). */
async function handleUnmatched(
  deps: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  methods: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const exchange = openExchange(deps, request, reply, false);
  const plan = deps.plans.current();
  const refusal = await admit(exchange, plan.defaultServer.requestStages).catch(toError);
  const allowed = methods.get(exchange.path);
  const error =
    refusal ??
    (allowed === undefined
      ? new QuaysideError('not_found')
      : new QuaysideError('method_not_allowed', { headers: { Allow: [...allowed, 'OPTIONS'].join(', ') } }));
  sendError(deps, exchange, plan, error);
  observe(deps, exchange, 'unmatched', { error });
}

function openExchange(
  deps: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  credentialOptional: ExchangeOptions['credentialOptional'],
  route?: Route,
): HttpExchange {
  // From here on the answer is written without fastify.
  reply.hijack();
  return new HttpExchange(request.raw, reply.raw, {
    path: pathOf(request.raw),
    credentialOptional,
    listener: deps.listener,
    limitClass: route?.limitClass,
  });
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

function send(exchange: HttpExchange, plan: Plan, answer: RouteAnswer): void {
  const { status, body, contentType, headers } = answer;
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  writeAnswer(exchange, {
    status,
    defaultServer: plan.defaultServer,
    ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
    contentType: contentType ?? (isRaw ? 'text/plain; charset=utf-8' : 'application/json'),
    ...(headers === undefined ? {} : { headers }),
  });
}

/** REST says errors by the names of the table, not by JSON-RPC numbers. */
function sendError(deps: RouteDeps, exchange: HttpExchange, plan: Plan, cause: Error): void {
  const error = toPublicError(cause, exchange.requestId);
  if (error.code === 'internal') {
    deps.log.error(
      { err: error.cause ?? error, request_id: exchange.requestId },
      'A request failed unexpectedly.',
    );
  }
  const { status, retryable } = error.definition;
  writeAnswer(exchange, {
    // Errors that JSON-RPC carries in a 200 are errors of the request here.
    status: status === 200 ? 400 : status,
    defaultServer: plan.defaultServer,
    body: JSON.stringify({
      error: {
        code: error.code,
        message: error.message,
        retryable,
        request_id: exchange.requestId,
        ...(error.data?.retryAfter === undefined ? {} : { retry_after: error.data.retryAfter }),
        ...(error.data === undefined ? {} : { details: error.data }),
      },
    }),
    ...(error.headers === undefined ? {} : { headers: error.headers }),
  });
}

function observe(
  deps: RouteDeps,
  exchange: HttpExchange,
  route: string,
  line: { readonly error: Error | undefined } | undefined,
): void {
  const { principal } = exchange;
  deps.observeRequest?.({
    transport: 'http',
    method: exchange.method,
    route,
    status: exchange.response.statusCode,
    seconds: (performance.now() - exchange.startedAt) / 1000,
    ...(line === undefined
      ? {}
      : {
          line: {
            requestId: exchange.requestId,
            path: exchange.path,
            clientAddress: exchange.clientAddress,
            ...(principal === undefined ? {} : { principal: principal.id, tenantId: principal.tenantId }),
            ...(line.error === undefined ? {} : { error: line.error }),
          },
        }),
  });
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
