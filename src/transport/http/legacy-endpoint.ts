// The legacy half of the MCP endpoint: sessions by header, GET streams, DELETE, batches (2025-03-26 to 2025-11-25).
import { QuaysideError } from '../../errors.ts';
import type { ServerPlan } from '../../plan/server-plan.ts';
import { parseBatch } from '../../protocol/legacy/codec.ts';
import type { HttpSession } from '../../protocol/legacy/http-session.ts';
import { LegacySession } from '../../protocol/legacy/session.ts';
import { parseMessage, type RpcMessage, type RpcRequest } from '../../protocol/messages.ts';
import { methodLabel } from '../../protocol/methods.ts';
import type { Answer } from '../../protocol/request-context.ts';
import {
  ASSUMED_LEGACY_REVISION,
  allowsBatches,
  isLegacyRevision,
  type LegacyRevision,
  SERVED_REVISIONS,
} from '../../protocol/revisions.ts';
import type { Acceptance } from './accept.ts';
import type { Admitted, EndpointDeps, Seen } from './admitted.ts';
import { commonHeaders, writeAnswer } from './answer.ts';
import { PostContext } from './post-context.ts';

export async function handleLegacyPost(
  deps: EndpointDeps,
  admitted: Admitted,
  acceptance: Acceptance,
): Promise<Seen> {
  const { body } = admitted.exchange;
  if (Array.isArray(body)) return handleBatch(deps, admitted, acceptance, body);
  const message = parseMessage(body);
  if (message.kind === 'invalid') throw message.error;
  if (message.kind === 'request' && message.method === 'initialize') {
    return handleInitialize(deps, admitted, acceptance, message);
  }
  const { core, http } = findSession(deps, admitted);
  const context = openContext(deps, admitted, acceptance, http);
  const answer = await deps.protocol.legacy.handle(admitted.server, core, message, context);
  context.finish(answer);
  return { method: labelOf(message), governed: context.governed };
}

/** The stream of what answers no request, or the rest of a stream that was lost. */
export async function handleLegacyGet(deps: EndpointDeps, admitted: Admitted): Promise<Seen> {
  const { exchange, plan, server } = admitted;
  if (server.definition.transport.stateless) {
    throw new QuaysideError('method_not_allowed', { headers: { Allow: 'POST, OPTIONS' } });
  }
  const { http } = findSession(deps, admitted);
  if (http === undefined) throw new QuaysideError('session_required');
  const accept = exchange.headers.accept;
  if (accept !== undefined && !accept.includes('text/event-stream') && !accept.includes('*/*')) {
    throw new QuaysideError('not_acceptable', { message: 'The Accept header must admit text/event-stream.' });
  }
  const lastEventId = exchange.headers['last-event-id'];
  const headers = commonHeaders(exchange, plan.defaultServer, { 'mcp-session-id': http.id });
  // Streams live for days: they need the session, not the plan.
  admitted.release();
  const events = deps.streams.open(exchange.response, headers);
  http.clientAddress = exchange.clientAddress;
  exchange.response.once('close', () => http.detach(events));
  if (typeof lastEventId !== 'string') http.openStandalone(events);
  else if (!(await http.resume(lastEventId, events))) http.openStandalone(events);
  return { method: 'GET', governed: false };
}

export function handleLegacyDelete(deps: EndpointDeps, admitted: Admitted): Seen {
  const { exchange, plan, server } = admitted;
  if (server.definition.transport.stateless) {
    throw new QuaysideError('method_not_allowed', { headers: { Allow: 'POST, OPTIONS' } });
  }
  const { http } = findSession(deps, admitted);
  if (http === undefined) throw new QuaysideError('session_required');
  deps.protocol.sessions.delete(http);
  writeAnswer(exchange, { status: 204, defaultServer: plan.defaultServer });
  return { method: 'DELETE', governed: false };
}

async function handleInitialize(
  deps: EndpointDeps,
  admitted: Admitted,
  acceptance: Acceptance,
  request: RpcRequest,
): Promise<Seen> {
  const { server, principal } = admitted;
  const { legacy, sessions, hub } = deps.protocol;
  const { stateless, sessionTtl } = server.definition.transport;
  const context = openContext(deps, admitted, acceptance, undefined);
  const { protocolVersion, capabilities } = await legacy.openSession(server, request, context);
  const answer = legacy.initialized(server, request, {
    version: protocolVersion,
    changes: !stateless,
    principal,
  });
  if (stateless) {
    context.finish(answer);
  } else {
    const session = sessions.create(
      (id) => new LegacySession({ id, ...identityOf(server), principal, protocolVersion, capabilities, hub }),
      sessionTtl * 1000,
      context.clientAddress,
    );
    try {
      await sessions.kept(session);
    } catch (error) {
      sessions.delete(session);
      throw error;
    }
    context.answerHeaders['mcp-session-id'] = session.id;
    context.finish(answer);
  }
  return { method: 'initialize', governed: context.governed };
}

async function handleBatch(
  deps: EndpointDeps,
  admitted: Admitted,
  acceptance: Acceptance,
  body: readonly unknown[],
): Promise<Seen> {
  const { core, http } = findSession(deps, admitted);
  const header = admitted.exchange.headers['mcp-protocol-version'];
  if (!allowsBatches(core.protocolVersion) || (typeof header === 'string' && !allowsBatches(header))) {
    throw new QuaysideError('invalid_request', {
      message: `Revision ${core.protocolVersion} has no batches.`,
    });
  }
  const messages = parseBatch(body);
  const context = openContext(deps, admitted, acceptance, http);
  const answers = await Promise.all(
    messages.map((message) => deps.protocol.legacy.handle(admitted.server, core, message, context)),
  );
  context.finish(joinAnswers(answers));
  return { method: 'batch', governed: context.governed };
}

/** One array with what has an answer; nothing at all when the batch held only notifications. */
function joinAnswers(answers: readonly Answer[]): Answer {
  const bodies = answers.map(({ body }) => body).filter((body) => body !== undefined);
  return bodies.length === 0
    ? { status: 202, body: undefined }
    : { status: 200, body: `[${bodies.join(',')}]` };
}

interface FoundSession {
  readonly core: LegacySession;
  /** Undefined in stateless mode. */
  readonly http: HttpSession | undefined;
}

/** Throws `unsupported_version`, `session_required` or `session_unknown`. */
function findSession(deps: EndpointDeps, { exchange, server, principal }: Admitted): FoundSession {
  const version = parseVersion(exchange.headers['mcp-protocol-version']);
  if (server.definition.transport.stateless) {
    const core = new LegacySession({
      id: undefined,
      ...identityOf(server),
      principal,
      protocolVersion: version ?? ASSUMED_LEGACY_REVISION,
      capabilities: {},
      hub: undefined,
    });
    return { core, http: undefined };
  }
  const id = exchange.headers['mcp-session-id'];
  if (typeof id !== 'string' || id === '') throw new QuaysideError('session_required');
  const http = deps.protocol.sessions.find(id, server.slug, principal);
  if (http === undefined) throw new QuaysideError('session_unknown');
  return { core: http.core, http };
}

function identityOf({ slug, definition }: ServerPlan) {
  return { slug, version: definition.version };
}

function parseVersion(header: string | string[] | undefined): LegacyRevision | undefined {
  if (header === undefined) return undefined;
  if (isLegacyRevision(header)) return header;
  throw new QuaysideError('unsupported_version', {
    message: 'Unsupported protocol version in the MCP-Protocol-Version header.',
    data: { supported: SERVED_REVISIONS, requested: String(header).slice(0, 100) },
  });
}

function openContext(
  deps: EndpointDeps,
  { exchange, principal, plan, release }: Admitted,
  acceptance: Acceptance,
  session: HttpSession | undefined,
): PostContext {
  return new PostContext({
    exchange,
    principal,
    acceptance,
    defaultServer: plan.defaultServer,
    streams: deps.streams,
    release,
    streamsAtOnce: deps.streamsAtOnce,
    ...(session === undefined ? {} : { session }),
  });
}

function labelOf(message: RpcMessage): string {
  return message.kind === 'request' || message.kind === 'notification'
    ? methodLabel(message.method)
    : message.kind;
}
