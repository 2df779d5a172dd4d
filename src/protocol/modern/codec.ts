// The modern era: each request stands alone, with its version, capabilities and headers checked (MCP 2026-07-28).
import { QuaysideError } from '../../errors.ts';
import type { Caller } from '../../gate/stage.ts';
import type { ServerPlan } from '../../plan/server-plan.ts';
import type { SigningSecrets } from '../../secrets/signing-secrets.ts';
import type { Log } from '../../telemetry/log.ts';
import type { JsonObject, Outcome } from '../../tool.ts';
import { serverCapabilities } from '../capabilities.ts';
import type { ChangeHub } from '../changes.ts';
import type { Dispatcher } from '../dispatch.ts';
import { errorMessage, httpStatus, toPublicError } from '../error-answer.ts';
import type { InputRounds } from '../input-rounds.ts';
import type { Invocation } from '../invocation.ts';
import { isObject, parseMessage, type RequestId, type RpcRequest, resultMessage } from '../messages.ts';
import { type Answer, CANCELLED_STATUS, type RequestContext } from '../request-context.ts';
import { SERVED_REVISIONS } from '../revisions.ts';
import { CreatedTask, TASKS_CAPABILITY, taskScope } from '../tasks/task.ts';
import type { Tasks } from '../tasks/tasks.ts';
import { ModernChannel } from './channel.ts';
import { checkHeaders } from './headers.ts';
import { createListeners, honoredFilter, honoredTasks, type Listeners, type ListenFilter } from './listen.ts';
import { META, type ModernMeta, parseMeta } from './meta.ts';
import { createRequestStates, type RequestStates, type StateScope } from './request-state.ts';
import { createResultEncoder, type ResultEncoder } from './result.ts';
import { demandTasks, taskMethod, taskObject, taskWish } from './tasks.ts';

export interface ModernCodec {
  /** Answers one message. Never rejects. */
  handle(server: ServerPlan, body: unknown, context: RequestContext): Promise<Answer>;
  /** Ends gracefully the open subscriptions of the callers that `of` names. */
  endStreams(of: (caller: Caller) => boolean): void;
  /** Open subscriptions. */
  streams(): number;
}

export interface ModernCodecDeps {
  readonly dispatcher: Dispatcher;
  readonly hub: ChangeHub;
  readonly log: Log;
  /** At least 32 bytes each; protect request states. */
  readonly secrets: SigningSecrets;
  /** Milliseconds of the wall clock. */
  readonly now: () => number;
  /** Absent: no call becomes a task. */
  readonly tasks?: Tasks;
}

export function createModernCodec(deps: ModernCodecDeps): ModernCodec {
  const parts: Parts = {
    ...deps,
    listeners: createListeners(deps.hub, deps.tasks),
    states: createRequestStates(deps.secrets, deps.now),
    encoder: createResultEncoder(),
    discoveries: new WeakMap(),
  };
  return {
    async handle(server, body, context) {
      const message = parseMessage(body);
      switch (message.kind) {
        case 'request':
          try {
            return await handleRequest(parts, server, message, context);
          } catch (error) {
            return failed(parts, message.id, error, context);
          }
        case 'notification':
          // The revision defines none for HTTP; stdio takes care of cancellation before this.
          return ACCEPTED;
        case 'response':
          return failed(parts, message.id, new QuaysideError('invalid_request', NO_RESPONSES), context);
        case 'invalid':
          return failed(parts, message.id, message.error, context);
      }
    },
    endStreams: (of) => parts.listeners.end(of),
    streams: () => parts.listeners.count(),
  };
}

const ACCEPTED: Answer = { status: 202, body: undefined };
const NO_RESPONSES = { message: 'Responses are not accepted: this revision sends no requests to clients.' };

/** The only methods that may ask the client (MCP 2026-07-28, MRTR). */
const ASKING_METHODS: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

interface Parts extends ModernCodecDeps {
  readonly listeners: Listeners;
  readonly states: RequestStates;
  readonly encoder: ResultEncoder;
  readonly discoveries: WeakMap<ServerPlan, JsonObject>;
}

async function handleRequest(
  parts: Parts,
  server: ServerPlan,
  request: RpcRequest,
  context: RequestContext,
): Promise<Answer> {
  const { headers } = context;
  const { id, method, params } = request;
  const meta = parseMeta(params, headers === undefined ? null : single(headers['mcp-protocol-version']));
  if (headers !== undefined) checkHeaders(headers, method, params, server);
  const channel = openChannel(parts, server, request, context, meta);
  const task = parts.tasks === undefined ? undefined : taskWish(channel, meta.capabilities);
  const invocation: Invocation = {
    server,
    method,
    params,
    context,
    channel,
    cancellation: context,
    ...(meta.traceparent === undefined ? {} : { traceparent: meta.traceparent }),
    ...(meta.tracestate === undefined ? {} : { tracestate: meta.tracestate }),
    ...(task === undefined ? {} : { task }),
  };
  if (method === 'subscriptions/listen') return listen(parts, invocation, id, meta);
  const outcome = await run(parts, invocation, meta);
  if (outcome === undefined)
    throw new QuaysideError('method_not_found', { message: `Method not found: ${shown(method)}` });
  return answerOf(parts, invocation, id, channel, outcome);
}

function run(parts: Parts, invocation: Invocation, meta: ModernMeta): Promise<Outcome> | undefined {
  const { dispatcher, tasks } = parts;
  const { method, server } = invocation;
  if (method === 'server/discover')
    return dispatcher.govern(invocation, method, () => discover(parts, server));
  const own = taskMethod(tasks, server, method);
  if (own === undefined || tasks === undefined) return dispatcher.dispatch(invocation);
  demandTasks(meta.capabilities);
  return dispatcher.govern(invocation, own.name, () => own.run(tasks, invocation));
}

function openChannel(
  parts: Parts,
  server: ServerPlan,
  { method, params }: RpcRequest,
  context: RequestContext,
  meta: ModernMeta,
): ModernChannel {
  const mayAsk = ASKING_METHODS.has(method);
  const { requestState, inputResponses } = params;
  const given = mayAsk && inputResponses !== undefined ? parseResponses(inputResponses) : NO_ANSWERS;
  const earlier =
    mayAsk && requestState !== undefined
      ? parts.states.open({ slug: server.slug, principal: context.principal, method, params }, requestState)
      : NO_ANSWERS;
  const publish = parts.hub.notify.bind(undefined, server.slug);
  return new ModernChannel({ context, meta, earlier, given, mayAsk, publish });
}

const NO_ANSWERS: JsonObject = Object.freeze({});
/** A task asks by itself and fails by itself; most calls ask nothing. */
const NOTHING_ASKED: Pick<InputRounds, 'asked' | 'refusal' | 'accepted'> = {
  asked: undefined,
  refusal: undefined,
  accepted: {},
};

function answerOf(
  parts: Parts,
  invocation: Invocation,
  id: RequestId,
  channel: ModernChannel,
  outcome: Outcome,
): Answer {
  const { server, method, params, context } = invocation;
  const isTask = outcome.ok && outcome.result instanceof CreatedTask;
  const { refusal, asked, accepted } = isTask ? NOTHING_ASKED : (channel.asking ?? NOTHING_ASKED);
  if (refusal !== undefined) return failed(parts, id, refusal, context);
  if (asked !== undefined) {
    const scope: StateScope = { slug: server.slug, principal: context.principal, method, params };
    const result = {
      inputRequests: asked,
      requestState: parts.states.seal(scope, accepted),
    };
    return { status: 200, body: resultMessage(id, parts.encoder.inputRequired(server, result)) };
  }
  if (!outcome.ok) return failed(parts, id, outcome.error, context);
  const { result } = outcome;
  const body =
    result instanceof CreatedTask
      ? parts.encoder.task(server, taskObject(result.task))
      : parts.encoder.complete(server, method, toObject(result));
  return { status: 200, body: resultMessage(id, body) };
}

async function listen(
  parts: Parts,
  invocation: Invocation,
  id: RequestId,
  meta: ModernMeta,
): Promise<Answer> {
  const { server, context } = invocation;
  if (context.streaming === 'no') throw new QuaysideError('not_acceptable');
  const outcome = await parts.dispatcher.govern(invocation, 'subscriptions/listen', () =>
    listenFilter(parts, invocation, meta),
  );
  if (!outcome.ok) return failed(parts, id, outcome.error, context);
  // Outside the gate: the operation is the subscribing, the stream may last for days.
  context.release();
  const graceful = await parts.listeners.listen(server, id, outcome.result as ListenFilter, context);
  if (!graceful) return { status: CANCELLED_STATUS, body: undefined };
  const result = { _meta: { [META.subscriptionId]: id } };
  return {
    status: 200,
    body: resultMessage(id, parts.encoder.complete(server, 'subscriptions/listen', result)),
  };
}

async function listenFilter(
  { tasks }: Parts,
  { server, context, params }: Invocation,
  meta: ModernMeta,
): Promise<ListenFilter> {
  const wanted = params.notifications;
  const filter = honoredFilter(server, context.principal, wanted);
  if (!isObject(wanted) || wanted.taskIds === undefined || tasks?.offeredBy(server) !== true) return filter;
  demandTasks(meta.capabilities);
  const scope = taskScope(context.principal, server.slug);
  return { ...filter, tasks: await honoredTasks(tasks, scope, wanted.taskIds) };
}

function discover(parts: Parts, server: ServerPlan): JsonObject {
  const known = parts.discoveries.get(server);
  if (known !== undefined) return known;
  const { instructions } = server.definition;
  const made = {
    supportedVersions: SERVED_REVISIONS,
    capabilities: serverCapabilities({
      changes: true,
      completions: true,
      logging: true,
      tasks: parts.tasks?.offeredBy(server) === true ? TASKS_CAPABILITY : undefined,
    }),
    ...(instructions === undefined ? {} : { instructions }),
  };
  parts.discoveries.set(server, made);
  return made;
}

function failed(parts: Parts, id: RequestId | undefined, error: unknown, context: RequestContext): Answer {
  const cause = error instanceof Error ? error : new Error(String(error));
  const known = toPublicError(cause, context.requestId);
  if (known.code === 'internal') {
    parts.log.error(
      { err: known.cause ?? known, request_id: context.requestId },
      'A request failed unexpectedly.',
    );
  }
  return {
    status: httpStatus(known, 'modern'),
    body: errorMessage(id, known, 'modern'),
    ...(known.headers === undefined ? {} : { headers: known.headers }),
  };
}

function parseResponses(responses: unknown): JsonObject {
  if (isObject(responses)) return responses;
  throw new QuaysideError('invalid_params', { message: '`inputResponses` must be an object.' });
}

function toObject(result: unknown): JsonObject {
  return isObject(result) ? result : {};
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

function shown(method: string): string {
  return method.slice(0, 100);
}
