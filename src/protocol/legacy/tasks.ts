// Tasks in the words of revision 2025-11-25: the client asks for one, and fetches the result when it is there.
import { QuaysideError } from '../../errors.ts';
import type { ServerPlan } from '../../plan/server-plan.ts';
import type { InputRequest, JsonObject, Outcome, Principal } from '../../tool.ts';
import { InputRounds } from '../input-rounds.ts';
import type { Invocation, TaskWish } from '../invocation.ts';
import { isObject, notificationMessage } from '../messages.ts';
import { PAGE_SIZE } from '../pagination.ts';
import { parseProgressToken } from '../progress.ts';
import { isFinal, type Task, type TaskOutcome, type TaskScope, taskScope } from '../tasks/task.ts';
import { errorOf } from '../tasks/task-outcome.ts';
import type { Tasks } from '../tasks/tasks.ts';
import type { LegacySession } from './session.ts';

/** Two seconds: what takes longer than a request is seldom done sooner. */
const POLL_INTERVAL_MS = 2000;
/** As much of a failed tool's text as fits into a status. */
const MESSAGE_LENGTH_MAX = 500;

const RELATED_TASK = 'io.modelcontextprotocol/related-task';

/** Whether a client of this revision may be offered tasks of this server. */
export function offersTasks(tasks: Tasks | undefined, server: ServerPlan, version: string): tasks is Tasks {
  return version >= '2025-11-25' && tasks?.offeredBy(server) === true;
}

/** Whoever cannot be told apart from others cannot be shown their own list (2025-11-25, tasks: security). */
export function tasksCapability({ type }: Pick<Principal, 'type'>): JsonObject {
  return {
    tasks: { ...(type === 'anonymous' ? {} : { list: {} }), cancel: {}, requests: { tools: { call: {} } } },
  };
}

/** The task that a call asks for, if it does. Throws `invalid_params`. */
export function taskWish(session: LegacySession, { method, params }: RequestParts): TaskWish | undefined {
  const { task } = params;
  if (method !== 'tools/call' || task === undefined) return undefined;
  if (!isObject(task)) throw invalidParams('`task` must be an object.', 'task');
  const { ttl } = task;
  if (ttl !== undefined && ttl !== null && (typeof ttl !== 'number' || !(ttl > 0)))
    throw invalidParams('`task.ttl` must be a positive number of milliseconds.', 'task.ttl');
  const { capabilities } = session;
  const progress = progressOf(session, params);
  return {
    when: 'at-once',
    capabilities,
    rounds: new InputRounds({ capabilities, answerOf: () => undefined }),
    answers: {},
    ...(typeof ttl === 'number' ? { ttlMs: ttl } : {}),
    ...(progress === undefined ? {} : { progress }),
  };
}

type RequestParts = Pick<Invocation, 'method' | 'params'>;

/**
 * `CreateTaskResult`. Its session hears of the task until it has ended, and where it can be reached at any time it is
 * asked what the task asks: not every client comes for the result before it is told that there is one.
 */
export function createdTask(
  { tasks, session, onRefusal }: Pick<TaskRequest, 'tasks' | 'session' | 'onRefusal'>,
  task: Task,
): JsonObject {
  if (!session.isStateless && !isFinal(task)) {
    const send = (message: string): void => session.outlet?.(message);
    const scope = taskScope(session.principal, session.slug);
    const stop = tasks.follow([task], {
      changed(news) {
        send(notificationMessage('notifications/tasks/status', taskObject(news)));
        if (isFinal(news)) stop();
        else if (session.outlet !== undefined) ask({ tasks, session, scope, send, onRefusal }, news);
      },
      expired: () => stop(),
    });
    session.onClose(stop);
  }
  return { task: taskObject(task) };
}

type Governed = (
  invocation: Invocation,
  method: 'tasks/get' | 'tasks/list' | 'tasks/cancel' | 'tasks/result',
  work: () => Promise<unknown>,
) => Promise<Outcome>;

/** What a method of tasks works with. */
export interface TaskRequest {
  readonly tasks: Tasks;
  readonly invocation: Invocation;
  readonly session: LegacySession;
  readonly govern: Governed;
  /** Takes why a client did not answer what a task asked. */
  readonly onRefusal: (reason: unknown) => void;
}

/** Answers a method of tasks; undefined for every other. */
export function answerTaskMethod(request: TaskRequest): Promise<Outcome> | undefined {
  const { invocation, govern, tasks } = request;
  const { params, server, context } = invocation;
  const scope = taskScope(context.principal, server.slug);
  switch (invocation.method) {
    case 'tasks/get':
      return govern(invocation, 'tasks/get', async () => taskObject(await tasks.find(scope, params.taskId)));
    case 'tasks/cancel':
      return govern(invocation, 'tasks/cancel', async () => {
        const cancelled = await tasks.cancel(scope, params.taskId);
        if (cancelled !== undefined) return taskObject(cancelled);
        throw invalidParams('The task has ended and cannot be cancelled any more.', 'taskId');
      });
    case 'tasks/list':
      if (context.principal.type === 'anonymous') return undefined;
      return govern(invocation, 'tasks/list', () => listTasks(tasks, invocation));
    case 'tasks/result':
      return taskResult(request);
  }
  return undefined;
}

/** The first page has the newest. */
async function listTasks(tasks: Tasks, { params, server, context }: Invocation): Promise<JsonObject> {
  const scope = taskScope(context.principal, server.slug);
  const skipped = parseOffset(params.cursor);
  const found = await tasks.list(scope, { most: PAGE_SIZE + 1, skipped });
  return {
    tasks: found.slice(0, PAGE_SIZE).map(taskObject),
    ...(found.length > PAGE_SIZE ? { nextCursor: String(skipped + PAGE_SIZE) } : {}),
  };
}

function parseOffset(cursor: unknown): number {
  if (cursor === undefined) return 0;
  if (typeof cursor === 'string' && /^[1-9]\d{0,6}$/.test(cursor)) return Number(cursor);
  throw new QuaysideError('invalid_cursor');
}

/** Waits for the end, and meanwhile asks the client on this request's stream what the task asks. */
async function taskResult(request: TaskRequest): Promise<Outcome> {
  const { tasks, invocation, session, govern, onRefusal } = request;
  const { context, params, server, cancellation } = invocation;
  const scope = taskScope(context.principal, server.slug);
  const known = await govern(invocation, 'tasks/result', () => tasks.find(scope, params.taskId));
  if (!known.ok) return known;
  // Outside the gate, as a subscription is: the operation was the asking, the wait may last for hours.
  context.release();
  let task = known.result as Task;
  let isCancelled = false;
  let news = Promise.withResolvers<void>();
  const wake = () => news.resolve();
  const stop = tasks.follow([task], { changed: wake, expired: wake });
  cancellation.onCancel(() => {
    isCancelled = true;
    wake();
  });
  try {
    while (!isCancelled) {
      news = Promise.withResolvers();
      task = await tasks.find(scope, task.id);
      if (isFinal(task)) return finalOutcome(task);
      if (!session.isStateless && context.streaming !== 'no')
        ask({ tasks, session, scope, send: (message) => context.send(message), onRefusal }, task);
      await news.promise;
    }
    throw new Error('The client cancelled the request.');
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error : new Error(String(error)) };
  } finally {
    stop();
  }
}

/** What a session is being asked, so that nobody is asked twice at once. */
const asking = new WeakMap<LegacySession, Set<string>>();

interface Asking extends Pick<TaskRequest, 'tasks' | 'session' | 'onRefusal'> {
  readonly scope: TaskScope;
  /** Where the client reads. */
  readonly send: (message: string) => void;
}

/** A question that the client refuses stays open: the next request for the result asks it again. */
function ask(
  { tasks, session, scope, send, onRefusal }: Asking,
  { id, requests }: Pick<Task, 'id' | 'requests'>,
): void {
  const asked = asking.get(session) ?? new Set();
  asking.set(session, asked);
  for (const [key, { method, params }] of Object.entries(requests)) {
    const question = `${id} ${key}`;
    if (asked.has(question)) continue;
    asked.add(question);
    const own: InputRequest = { method, params: { ...params, _meta: related(id) } };
    session
      .ask(own, send)
      .then((answer) => tasks.answer(scope, id, { [key]: answer }))
      .catch(onRefusal)
      .finally(() => asked.delete(question));
  }
}

function finalOutcome({ id, status, outcome }: Task): Outcome {
  if (status === 'cancelled' || outcome === undefined) {
    return { ok: false, error: invalidParams('The task was cancelled and has no result.', 'taskId') };
  }
  if ('error' in outcome) return { ok: false, error: errorOf(outcome) };
  const { _meta } = outcome.result;
  const meta = { ...(isObject(_meta) ? _meta : {}), ...related(id) };
  return { ok: true, result: { ...outcome.result, _meta: meta } };
}

/** `Task`: a tool that says it failed makes a failed task (2025-11-25, tasks: error handling). */
function taskObject(task: Task): JsonObject {
  const failure = task.outcome === undefined ? undefined : failureOf(task.outcome);
  const statusMessage = task.statusMessage ?? failure;
  return {
    taskId: task.id,
    status: failure === undefined ? task.status : 'failed',
    ...(statusMessage === undefined ? {} : { statusMessage }),
    createdAt: new Date(task.createdAt).toISOString(),
    lastUpdatedAt: new Date(task.updatedAt).toISOString(),
    ttl: task.ttlMs,
    pollInterval: POLL_INTERVAL_MS,
  };
}

function failureOf(outcome: TaskOutcome): string | undefined {
  if ('error' in outcome) return outcome.error.message;
  const { isError, content } = outcome.result;
  if (isError !== true) return undefined;
  const texts = Array.isArray(content)
    ? content.filter((item) => isObject(item) && item.type === 'text')
    : [];
  return String(texts[0]?.text ?? 'The tool failed.').slice(0, MESSAGE_LENGTH_MAX);
}

/** The token of the call stays good as long as the task lasts (2025-11-25, tasks: progress). */
function progressOf(session: LegacySession, params: JsonObject): TaskWish['progress'] {
  const progressToken = parseProgressToken(isObject(params._meta) ? params._meta.progressToken : undefined);
  if (progressToken === undefined) return undefined;
  return ({ id }, { progress, total, message }) => {
    session.outlet?.(
      notificationMessage('notifications/progress', {
        progressToken,
        progress,
        ...(total === undefined ? {} : { total }),
        ...(message === undefined ? {} : { message }),
        _meta: related(id),
      }),
    );
  };
}

function related(taskId: string): JsonObject {
  return { [RELATED_TASK]: { taskId } };
}

function invalidParams(message: string, field: string): QuaysideError {
  return new QuaysideError('invalid_params', { message, data: { field } });
}
