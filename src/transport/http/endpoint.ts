// The MCP endpoint: `/mcp` and `/mcp/{slug}`, straight from the socket to the codec of the era.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { QuaysideError } from '../../errors.ts';
import { admit } from '../../gate/pipeline.ts';
import type { Plan, ServerPlan } from '../../plan/server-plan.ts';
import { versionFor } from '../../plan/versions.ts';
import { eraOfHeader, selectEra } from '../../protocol/era.ts';
import { errorMessage, httpStatus, toPublicError } from '../../protocol/error-answer.ts';
import { idOf, isObject } from '../../protocol/messages.ts';
import { methodLabel } from '../../protocol/methods.ts';
import type { Era } from '../../protocol/revisions.ts';
import type { Principal } from '../../tool.ts';
import { parseAccept } from './accept.ts';
import type { Admitted, EndpointDeps, Seen } from './admitted.ts';
import { VERSION_HEADER, writeAnswer } from './answer.ts';
import { preflightHeaders } from './cors.ts';
import { HttpExchange } from './exchange.ts';
import { holdPlan } from './hold.ts';
import { handleLegacyDelete, handleLegacyGet, handleLegacyPost } from './legacy-endpoint.ts';
import { PostContext } from './post-context.ts';

/** `slug` undefined: the default server. Never rejects. */
export async function handleEndpoint(
  deps: EndpointDeps,
  request: IncomingMessage,
  response: ServerResponse,
  target: { readonly path: string; readonly slug: string | undefined },
): Promise<void> {
  const exchange = new HttpExchange(request, response, {
    path: target.path,
    credentialOptional: request.method === 'OPTIONS',
    listener: deps.listener,
  });
  const { plan, release } = holdPlan(deps.plans, deps.listener);
  let seen: Seen;
  try {
    seen = await route(deps, exchange, plan, target.slug, release);
  } catch (error) {
    seen = refuse(deps, exchange, plan, error);
  } finally {
    release();
  }
  observe(deps, exchange, target, seen);
}

/** Sends an error in the words of the era that the request belongs to. */
export function refuse(
  deps: Pick<EndpointDeps, 'log'>,
  exchange: HttpExchange,
  plan: Plan,
  thrown: unknown,
): Seen {
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
  const error = toPublicError(cause, exchange.requestId);
  if (error.code === 'internal') {
    deps.log.error(
      { err: error.cause ?? error, request_id: exchange.requestId },
      'A request failed unexpectedly.',
    );
  }
  const era = eraOf(exchange);
  writeAnswer(exchange, {
    status: httpStatus(error, era),
    body: errorMessage(idOf(exchange.body), error, era),
    defaultServer: plan.defaultServer,
    ...(error.headers === undefined ? {} : { headers: error.headers }),
  });
  return { method: methodOf(exchange), governed: false, error };
}

async function route(
  deps: EndpointDeps,
  exchange: HttpExchange,
  plan: Plan,
  slug: string | undefined,
  release: () => void,
): Promise<Seen> {
  const server = slug === undefined ? plan.defaultServer : plan.servers.get(slug);
  // An unknown name is refused like a known one until the caller is known: names are not for guessing.
  const refusal = await admit(exchange, (server ?? plan.defaultServer).requestStages);
  if (refusal !== undefined) return refuse(deps, exchange, plan, refusal);
  if (exchange.method === 'OPTIONS') return preflight(exchange, server ?? plan.defaultServer);
  if (server === undefined)
    throw new QuaysideError('not_found', { message: 'There is no server of this name.' });
  const { principal } = exchange;
  if (principal === undefined) throw new QuaysideError('unauthenticated');
  if (deps.listener.isDraining) refuseLasting(exchange);
  const version = server.versions === undefined ? server : chosenVersion(deps, exchange, server, principal);
  const admitted: Admitted = { exchange, principal, server: version, plan, release };
  if (exchange.method === 'POST') return post(deps, admitted);
  if (exchange.method === 'GET' && eraOf(exchange) === 'legacy') return handleLegacyGet(deps, admitted);
  if (exchange.method === 'DELETE' && eraOf(exchange) === 'legacy') return handleLegacyDelete(deps, admitted);
  throw new QuaysideError('method_not_allowed', { headers: { Allow: allowedMethods(server) } });
}

/** Where there are two: a session stays on the version that it began with. The answer names the version. */
function chosenVersion(
  { protocol }: EndpointDeps,
  exchange: HttpExchange,
  server: ServerPlan,
  principal: Principal,
): ServerPlan {
  const { headers, body } = exchange;
  const id = headers['mcp-session-id'];
  const session = typeof id === 'string' ? protocol.sessions.find(id, server.slug, principal) : undefined;
  const opensSession = isObject(body) && body.method === 'initialize';
  const chosen = versionFor(server, { principal, headers, pinned: session?.core.version, opensSession });
  exchange.answerHeaders[VERSION_HEADER] = chosen.definition.version;
  return chosen;
}

/** Calls are served to the last; sessions and streams would only be ended again, so clients open them elsewhere. */
function refuseLasting({ method, body }: HttpExchange): void {
  const isLasting =
    method === 'GET' ||
    (isObject(body) && (body.method === 'initialize' || body.method === 'subscriptions/listen'));
  if (isLasting) throw new QuaysideError('draining', { headers: { 'Retry-After': '1' } });
}

function post(deps: EndpointDeps, admitted: Admitted): Promise<Seen> {
  const { exchange } = admitted;
  const acceptance = parseAccept(exchange.headers.accept);
  if (acceptance === undefined) throw new QuaysideError('not_acceptable');
  if (eraOf(exchange) === 'legacy') return handleLegacyPost(deps, admitted, acceptance);
  return postModern(
    deps,
    admitted,
    new PostContext({
      exchange,
      principal: admitted.principal,
      acceptance,
      defaultServer: admitted.plan.defaultServer,
      streams: deps.streams,
      release: admitted.release,
      streamsAtOnce: deps.streamsAtOnce,
    }),
  );
}

async function postModern(deps: EndpointDeps, admitted: Admitted, context: PostContext): Promise<Seen> {
  const { exchange, server } = admitted;
  const answer = await deps.protocol.modern.handle(server, exchange.body, context);
  context.finish(answer);
  return { method: methodOf(exchange), governed: context.governed };
}

function preflight(exchange: HttpExchange, server: ServerPlan): Seen {
  exchange.response
    .writeHead(204, [...preflightHeaders(exchange.headers, server, allowedMethods(server))])
    .end();
  return { method: 'OPTIONS', governed: false };
}

function allowedMethods(server: ServerPlan): string {
  return server.definition.transport.stateless ? 'POST, OPTIONS' : 'POST, GET, DELETE, OPTIONS';
}

function eraOf(exchange: HttpExchange): Era {
  const header = exchange.headers['mcp-protocol-version'];
  return exchange.method === 'POST' ? selectEra(exchange.body, header) : eraOfHeader(header);
}

/** The JSON-RPC method where there is one, else the HTTP method; anything unknown is one label. */
function methodOf(exchange: HttpExchange): string {
  const { body, method } = exchange;
  if (Array.isArray(body)) return 'batch';
  if (!isObject(body)) return method;
  return methodLabel(body.method);
}

function observe(
  deps: EndpointDeps,
  exchange: HttpExchange,
  target: { readonly path: string; readonly slug: string | undefined },
  seen: Seen,
): void {
  if (deps.observeRequest === undefined) return;
  const { principal, response } = exchange;
  deps.observeRequest({
    transport: 'http',
    method: seen.method,
    route: target.slug === undefined ? '/mcp' : '/mcp/:slug',
    status: response.statusCode,
    seconds: (performance.now() - exchange.startedAt) / 1000,
    ...(seen.governed
      ? {}
      : {
          line: {
            requestId: exchange.requestId,
            path: target.path,
            clientAddress: exchange.clientAddress,
            ...(principal === undefined ? {} : { principal: principal.id, tenantId: principal.tenantId }),
            ...(seen.error === undefined ? {} : { error: seen.error }),
          },
        }),
  });
}
