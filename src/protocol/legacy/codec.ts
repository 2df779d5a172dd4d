// The legacy era: initialize agrees on a revision, and what follows is read in the light of it.
import { QuaysideError } from '../../errors.ts';
import type { ServerPlan } from '../../plan/server-plan.ts';
import type { Log } from '../../telemetry/log.ts';
import type { JsonObject, Outcome, Principal } from '../../tool.ts';
import { serverCapabilities, serverInfo } from '../capabilities.ts';
import type { ChangeHub } from '../changes.ts';
import type { Dispatcher } from '../dispatch.ts';
import { errorMessage, httpStatus, toPublicError } from '../error-answer.ts';
import type { Invocation } from '../invocation.ts';
import {
  isObject,
  parseMessage,
  type RequestId,
  type RpcMessage,
  type RpcRequest,
  resultMessage,
} from '../messages.ts';
import { parseLogLevel, parseProgressToken } from '../progress.ts';
import { isReadable } from '../readable.ts';
import { type Answer, CANCELLED_STATUS, type RequestContext } from '../request-context.ts';
import type { LegacyRevision } from '../revisions.ts';
import { CreatedTask } from '../tasks/task.ts';
import type { Tasks } from '../tasks/tasks.ts';
import { LegacyChannel } from './channel.ts';
import { type Initialization, openSession } from './initialize.ts';
import { createLegacyResultEncoder, type LegacyResultEncoder } from './result.ts';
import type { LegacySession, RunningRequest } from './session.ts';
import { answerTaskMethod, createdTask, offersTasks, tasksCapability, taskWish } from './tasks.ts';

export interface LegacyCodec {
  /** Reads an initialize request and passes it through the gate. Rejects with `invalid_params` or what the gate refuses. */
  openSession(server: ServerPlan, request: RpcRequest, context: RequestContext): Promise<Initialization>;
  /** Answers it. `changes` says whether the connection can carry what nobody asked for. */
  initialized(
    server: ServerPlan,
    request: RpcRequest,
    agreed: { readonly version: LegacyRevision; readonly changes: boolean; readonly principal: Principal },
  ): Answer;
  /** Answers one message of a session. Never rejects. */
  handle(
    server: ServerPlan,
    session: LegacySession,
    message: RpcMessage,
    context: RequestContext,
  ): Promise<Answer>;
  /** An error outside any session, or before one was found. */
  refuse(id: RequestId | undefined, error: unknown, requestId: string): Answer;
}

export interface LegacyCodecDeps {
  readonly dispatcher: Dispatcher;
  readonly hub: ChangeHub;
  readonly log: Log;
  /** Absent: no call becomes a task. */
  readonly tasks?: Tasks;
}

export function createLegacyCodec(deps: LegacyCodecDeps): LegacyCodec {
  const parts: Parts = { ...deps, encoder: createLegacyResultEncoder() };
  return {
    openSession: (server, request, context) => openSession(deps.dispatcher, server, request, context),
    initialized: (server, request, { version, changes, principal }) => {
      const offered = offersTasks(deps.tasks, server, version) ? tasksCapability(principal) : undefined;
      const result = initializeResult(server, version, changes, offered);
      return { status: 200, body: resultMessage(request.id, JSON.stringify(result)) };
    },
    async handle(server, session, message, context) {
      switch (message.kind) {
        case 'request':
          return handleRequest(parts, server, session, message, context);
        case 'notification':
          if (message.method === 'notifications/cancelled') session.cancel(message.params.requestId);
          return ACCEPTED;
        case 'response':
          session.answer(message);
          return ACCEPTED;
        case 'invalid':
          return failed(parts, message.id, message.error, context.requestId);
      }
    },
    refuse: (id, error, requestId) => failed(parts, id, error, requestId),
  };
}

/** Parses every member of a batch; throws `invalid_request` for one that is empty, too long, or holds initialize. */
export function parseBatch(body: readonly unknown[]): readonly RpcMessage[] {
  if (body.length === 0)
    throw new QuaysideError('invalid_request', { message: 'A batch must not be empty.' });
  if (body.length > BATCH_MAX) {
    throw new QuaysideError('invalid_request', { message: `A batch holds at most ${BATCH_MAX} messages.` });
  }
  const messages = body.map(parseMessage);
  if (messages.some((message) => message.kind === 'request' && message.method === 'initialize')) {
    throw new QuaysideError('invalid_request', { message: 'initialize must not be part of a batch.' });
  }
  return messages;
}

/** Each member is a call of its own: a batch must not be a way around limits on requests. */
const BATCH_MAX = 100;

const ACCEPTED: Answer = { status: 202, body: undefined };

interface Parts extends LegacyCodecDeps {
  readonly encoder: LegacyResultEncoder;
}

function initializeResult(
  server: ServerPlan,
  version: LegacyRevision,
  changes: boolean,
  tasks: JsonObject | undefined,
): JsonObject {
  const { instructions } = server.definition;
  return {
    protocolVersion: version,
    capabilities: serverCapabilities({
      changes,
      completions: version >= '2025-03-26',
      logging: changes,
      tasks,
    }),
    serverInfo: serverInfo(server),
    ...(instructions === undefined ? {} : { instructions }),
  };
}

async function handleRequest(
  parts: Parts,
  server: ServerPlan,
  session: LegacySession,
  request: RpcRequest,
  context: RequestContext,
): Promise<Answer> {
  const { id } = request;
  let running: RunningRequest;
  try {
    running = session.begin(id);
  } catch (error) {
    return failed(parts, id, error, context.requestId);
  }
  try {
    const result = await resultOf(parts, server, session, request, context, running);
    return running.isCancelled ? CANCELLED : { status: 200, body: resultMessage(id, result) };
  } catch (error) {
    return running.isCancelled ? CANCELLED : failed(parts, id, error, context.requestId);
  } finally {
    session.finished(id);
  }
}

const CANCELLED: Answer = { status: CANCELLED_STATUS, body: undefined };

async function resultOf(
  parts: Parts,
  server: ServerPlan,
  session: LegacySession,
  request: RpcRequest,
  context: RequestContext,
  running: RunningRequest,
): Promise<string> {
  const { method } = request;
  const own = SESSION_METHODS.get(method);
  const invocation = openInvocation(parts, server, session, request, context, running);
  if (own !== undefined) return own(parts, invocation, session);
  const outcome = await (answerOfTasks(parts, invocation, session) ?? parts.dispatcher.dispatch(invocation));
  if (outcome === undefined) {
    throw new QuaysideError('method_not_found', { message: `Method not found: ${method.slice(0, 100)}` });
  }
  const result = resultOrThrow(outcome);
  if (result instanceof CreatedTask && parts.tasks !== undefined)
    return JSON.stringify(
      createdTask({ tasks: parts.tasks, session, onRefusal: refusalLog(parts.log) }, result.task),
    );
  const resultMethod = method === 'tasks/result' ? 'tools/call' : method;
  return parts.encoder.encode(resultMethod, result, session.protocolVersion);
}

function answerOfTasks(
  { tasks, dispatcher, log }: Parts,
  invocation: Invocation,
  session: LegacySession,
): Promise<Outcome> | undefined {
  if (!offersTasks(tasks, invocation.server, session.protocolVersion)) return undefined;
  const { govern } = dispatcher;
  return answerTaskMethod({ tasks, invocation, session, govern, onRefusal: refusalLog(log) });
}

function refusalLog(log: Log): (reason: unknown) => void {
  return (reason) => log.info({ reason: String(reason) }, 'A client did not answer what a task asked.');
}

function openInvocation(
  parts: Parts,
  server: ServerPlan,
  session: LegacySession,
  { method, params }: RpcRequest,
  context: RequestContext,
  running: RunningRequest,
): Invocation {
  const meta = isObject(params._meta) ? params._meta : undefined;
  const channel = new LegacyChannel({
    session,
    context,
    progressToken: parseProgressToken(meta?.progressToken),
    publish: (change) => parts.hub.notify(server.slug, change),
  });
  const task = offersTasks(parts.tasks, server, session.protocolVersion)
    ? taskWish(session, { method, params })
    : undefined;
  return {
    server,
    method,
    params,
    context,
    channel,
    cancellation: running,
    ...(task === undefined ? {} : { task }),
    ...(typeof meta?.traceparent === 'string' ? { traceparent: meta.traceparent } : {}),
    ...(typeof meta?.tracestate === 'string' ? { tracestate: meta.tracestate } : {}),
  };
}

type SessionMethod = (
  parts: Parts,
  invocation: Invocation,
  session: LegacySession,
) => string | Promise<string>;

/** What only the legacy era has. A map: an object would also know `constructor` and what else it inherits. */
const SESSION_METHODS: ReadonlyMap<string, SessionMethod> = new Map(
  Object.entries<SessionMethod>({
    initialize() {
      throw new QuaysideError('invalid_request', { message: 'This session is already initialized.' });
    },
    ping: () => '{}',
    'logging/setLevel': (_parts, { params }, session) => {
      refuseStateless(session);
      const level = parseLogLevel(params.level);
      if (level === undefined) throw new QuaysideError('invalid_params', { message: '`level` is required.' });
      session.logLevel = level;
      return '{}';
    },
    'resources/subscribe': async (parts, invocation, session) => {
      refuseStateless(session);
      const { server, context } = invocation;
      const uri = parseUri(invocation.params);
      const outcome = await parts.dispatcher.govern(invocation, 'resources/subscribe', () => {
        if (!isReadable(server, context.principal, uri)) {
          throw new QuaysideError('unknown_resource', { data: { uri: uri.slice(0, 200) } });
        }
        session.subscribe(uri);
      });
      resultOrThrow(outcome);
      return '{}';
    },
    'resources/unsubscribe': (_parts, { params }, session) => {
      session.unsubscribe(parseUri(params));
      return '{}';
    },
  }),
);

/** Without a session there is nothing to remember a level or a subscription in; neither capability was offered. */
function refuseStateless(session: LegacySession): void {
  if (session.isStateless) throw new QuaysideError('method_not_found');
}

function parseUri({ uri }: JsonObject): string {
  if (typeof uri === 'string') return uri;
  throw new QuaysideError('invalid_params', { message: '`uri` must be a string.', data: { field: 'uri' } });
}

function resultOrThrow(outcome: Outcome): unknown {
  if (outcome.ok) return outcome.result;
  throw outcome.error;
}

function failed(parts: Parts, id: RequestId | undefined, error: unknown, requestId: string): Answer {
  const cause = error instanceof Error ? error : new Error(String(error));
  const known = toPublicError(cause, requestId);
  if (known.code === 'internal') {
    parts.log.error({ err: known.cause ?? known, request_id: requestId }, 'A request failed unexpectedly.');
  }
  return {
    status: httpStatus(known, 'legacy'),
    body: errorMessage(id, known, 'legacy'),
    ...(known.headers === undefined ? {} : { headers: known.headers }),
  };
}
