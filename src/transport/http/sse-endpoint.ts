// The deprecated HTTP+SSE transport of 2024-11-05: a GET stream that names its POST endpoint, answers on the stream.

import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { QuaysideError } from '../../errors.ts';
import { admit } from '../../gate/pipeline.ts';
import type { Caller } from '../../gate/stage.ts';
import type { Plan, ServerPlan } from '../../plan/server-plan.ts';
import { versionFor } from '../../plan/versions.ts';
import { parseBatch } from '../../protocol/legacy/codec.ts';
import { LegacySession } from '../../protocol/legacy/session.ts';
import { parseMessage, type RpcMessage, type RpcRequest } from '../../protocol/messages.ts';
import type { RequestContext } from '../../protocol/request-context.ts';
import { allowsBatches } from '../../protocol/revisions.ts';
import type { Principal } from '../../tool.ts';
import type { EndpointDeps } from './admitted.ts';
import { commonHeaders, VERSION_HEADER, writeAnswer } from './answer.ts';
import { refuse } from './endpoint.ts';
import type { EventStream } from './event-stream.ts';
import { HttpExchange } from './exchange.ts';
import { holdPlan } from './hold.ts';

export interface SseEndpoint {
  /** GET /sse and /sse/{slug}. */
  open(request: IncomingMessage, response: ServerResponse, target: SseTarget): Promise<void>;
  /** POST /messages?sessionId=... */
  post(request: IncomingMessage, response: ServerResponse, url: string): Promise<void>;
  end(of: (caller: Caller) => boolean): void;
  count(): number;
}

export interface SseTarget {
  readonly path: string;
  readonly slug: string | undefined;
}

/** Each holds a socket; as with sessions, more than this is a leak or an attack. */
const CONNECTIONS_MAX = 10_000;

interface Connection extends Caller {
  readonly events: EventStream;
  session: LegacySession | undefined;
}

/** Its connections are its sessions: they end together. */
export function createSseEndpoint(deps: EndpointDeps): SseEndpoint {
  const connections = new Map<string, Connection>();

  const connect = (exchange: HttpExchange, plan: Plan, server: ServerPlan, principal: Principal): void => {
    if (deps.listener.isDraining) throw new QuaysideError('draining', { headers: { 'Retry-After': '1' } });
    if (connections.size >= CONNECTIONS_MAX)
      throw new QuaysideError('overloaded', { headers: { 'Retry-After': '10' } });
    const id = deps.newSessionId?.() ?? randomBytes(32).toString('base64url');
    const events = deps.streams.open(exchange.response, commonHeaders(exchange, plan.defaultServer));
    const caller: Caller = { slug: server.slug, principal, clientAddress: exchange.clientAddress };
    const connection: Connection = { ...caller, events, session: undefined };
    connections.set(id, connection);
    exchange.response.once('close', () => {
      connections.delete(id);
      connection.session?.close();
    });
    events.named('endpoint', `/messages?sessionId=${id}`);
  };

  const receive = (
    exchange: HttpExchange,
    plan: Plan,
    connection: Connection,
    principal: Principal,
  ): void => {
    const server = versionOf(plan, connection, exchange, principal);
    const context = createContext(exchange, principal, connection.events);
    const { body } = exchange;
    const messages = Array.isArray(body) ? batchOf(connection, body) : [parseMessage(body)];
    for (const message of messages) {
      // The POST is answered at once; the plan is held until the message is.
      const { release } = holdPlan(deps.plans, deps.listener);
      void answer(deps, server, connection, message, context).finally(release);
    }
    writeAnswer(exchange, { status: 202, defaultServer: plan.defaultServer });
  };

  return {
    open: (request, response, { path, slug }) =>
      withExchange(
        deps,
        request,
        response,
        path,
        (plan) => (slug === undefined ? plan.defaultServer : plan.servers.get(slug)),
        connect,
      ),
    post(request, response, url) {
      const id = new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('sessionId') ?? '';
      const connection = connections.get(id);
      return withExchange(
        deps,
        request,
        response,
        '/messages',
        (plan) => (connection === undefined ? plan.defaultServer : plan.servers.get(connection.slug)),
        (exchange, plan, _server, principal) => {
          if (connection === undefined || !isSame(connection.principal, principal))
            throw new QuaysideError('session_unknown');
          receive(exchange, plan, connection, principal);
        },
      );
    },
    end(of) {
      for (const connection of [...connections.values()]) if (of(connection)) connection.events.end();
    },
    count: () => connections.size,
  };
}

type Work = (exchange: HttpExchange, plan: Plan, server: ServerPlan, principal: Principal) => void;

async function withExchange(
  deps: EndpointDeps,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  serverOf: (plan: Plan) => ServerPlan | undefined,
  work: Work,
): Promise<void> {
  const exchange = new HttpExchange(request, response, {
    path,
    credentialOptional: false,
    listener: deps.listener,
  });
  const { plan, release } = holdPlan(deps.plans, deps.listener);
  let error: Error | undefined;
  try {
    const server = serverOf(plan);
    const refusal = await admit(exchange, (server ?? plan.defaultServer).requestStages);
    if (refusal !== undefined) throw refusal;
    if (server === undefined)
      throw new QuaysideError('not_found', { message: 'There is no server of this name.' });
    if (exchange.principal === undefined) throw new QuaysideError('unauthenticated');
    work(exchange, plan, server, exchange.principal);
  } catch (thrown) {
    error = refuse(deps, exchange, plan, thrown).error;
  } finally {
    release();
  }
  deps.observeRequest?.({
    transport: 'sse',
    method: exchange.method,
    route: path === '/messages' ? '/messages' : '/sse/:slug',
    status: response.statusCode,
    seconds: (performance.now() - exchange.startedAt) / 1000,
    line: {
      requestId: exchange.requestId,
      path,
      clientAddress: exchange.clientAddress,
      ...(exchange.principal === undefined ? {} : { principal: exchange.principal.id }),
      ...(error === undefined ? {} : { error }),
    },
  });
}

async function answer(
  deps: EndpointDeps,
  server: ServerPlan,
  connection: Connection,
  message: RpcMessage,
  context: RequestContext,
): Promise<void> {
  const { legacy } = deps.protocol;
  if (message.kind === 'request' && message.method === 'initialize') {
    context.send(await initialize(deps, server, connection, message, context));
    return;
  }
  if (connection.session === undefined) {
    if (message.kind !== 'request') return;
    context.send(
      legacy.refuse(
        message.id,
        new QuaysideError('session_required', { message: 'Send initialize first.' }),
        context.requestId,
      ).body ?? '',
    );
    return;
  }
  const { body } = await legacy.handle(server, connection.session, message, context);
  if (body !== undefined) context.send(body);
}

async function initialize(
  deps: EndpointDeps,
  server: ServerPlan,
  connection: Connection,
  request: RpcRequest,
  context: RequestContext,
): Promise<string> {
  const { legacy, hub } = deps.protocol;
  try {
    if (connection.session !== undefined)
      throw new QuaysideError('invalid_request', { message: 'Already initialized.' });
    const { protocolVersion, capabilities } = await legacy.openSession(server, request, context);
    const { slug, principal, events } = connection;
    const { version } = server.definition;
    const session = new LegacySession({
      id: undefined,
      slug,
      version,
      principal,
      protocolVersion,
      capabilities,
      hub,
    });
    session.outlet = (message) => events.event(undefined, message);
    session.onClose(() => events.end());
    connection.session = session;
    return (
      legacy.initialized(server, request, { version: protocolVersion, changes: true, principal }).body ?? ''
    );
  } catch (error) {
    return legacy.refuse(request.id, error, context.requestId).body ?? '';
  }
}

/** A connection stays on the version that it began with. Throws `session_unknown` when its server is gone. */
function versionOf(
  plan: Plan,
  { slug, session }: Connection,
  exchange: HttpExchange,
  principal: Principal,
): ServerPlan {
  const found = plan.servers.get(slug);
  if (found === undefined) throw new QuaysideError('session_unknown');
  const { headers } = exchange;
  const server = versionFor(found, {
    principal,
    headers,
    pinned: session?.version,
    opensSession: session === undefined,
  });
  if (found.versions !== undefined) exchange.answerHeaders[VERSION_HEADER] = server.definition.version;
  return server;
}

function batchOf(connection: Connection, body: readonly unknown[]): readonly RpcMessage[] {
  if (connection.session === undefined || !allowsBatches(connection.session.protocolVersion)) {
    throw new QuaysideError('invalid_request', { message: 'This revision has no batches.' });
  }
  return parseBatch(body);
}

function createContext(exchange: HttpExchange, principal: Principal, events: EventStream): RequestContext {
  return {
    principal,
    onBehalfOf: exchange.onBehalfOf,
    clientAddress: exchange.clientAddress,
    requestId: exchange.requestId,
    startedAt: exchange.startedAt,
    answerHeaders: exchange.answerHeaders,
    headers: exchange.headers,
    streaming: 'stream',
    governed: false,
    send: (message) => events.event(undefined, message),
    closeStream: () => undefined,
    release: () => undefined,
    onCancel: () => undefined,
  };
}

function isSame(one: Principal, other: Principal): boolean {
  return one.type === other.type && one.tenantId === other.tenantId && one.id === other.id;
}
