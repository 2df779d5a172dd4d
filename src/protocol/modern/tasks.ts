// Tasks in the words of the modern extension (io.modelcontextprotocol/tasks): the server decides what becomes one, and
// a result is part of the task.
import { QuaysideError } from '../../errors.ts';
import type { ServerPlan } from '../../plan/server-plan.ts';
import type { JsonObject } from '../../tool.ts';
import { capabilityMissing } from '../client-input.ts';
import { errorObject } from '../error-answer.ts';
import type { Invocation, TaskWish } from '../invocation.ts';
import { isObject } from '../messages.ts';
import { TASKS_CAPABILITY, TASKS_EXTENSION, type Task, taskScope } from '../tasks/task.ts';
import { errorOf } from '../tasks/task-outcome.ts';
import type { Tasks } from '../tasks/tasks.ts';
import type { ModernChannel } from './channel.ts';

/** Two seconds: what takes longer than a request is seldom done sooner. */
const POLL_INTERVAL_MS = 2000;

/** Whether the client says in this request that it knows tasks. */
export function knowsTasks(capabilities: JsonObject): boolean {
  const { extensions } = capabilities;
  return isObject(extensions) && isObject(extensions[TASKS_EXTENSION]);
}

/** Throws `capability_missing`. */
export function demandTasks(capabilities: JsonObject): void {
  if (!knowsTasks(capabilities)) throw capabilityMissing(TASKS_CAPABILITY);
}

/** How a call of a client that knows tasks becomes one; undefined for one that does not. */
export function taskWish(channel: ModernChannel, capabilities: JsonObject): TaskWish | undefined {
  if (!knowsTasks(capabilities)) return undefined;
  const { rounds, answers } = channel;
  return { when: 'when-long', capabilities, rounds, answers };
}

/** A method of the extension; undefined for every other, and where the server has no tasks. */
export function taskMethod(
  tasks: Tasks | undefined,
  server: ServerPlan,
  method: string,
): TaskMethod | undefined {
  const known = METHODS.get(method);
  return known !== undefined && tasks?.offeredBy(server) === true ? known : undefined;
}

/** Each acknowledges, or shows one task. */
export interface TaskMethod {
  readonly name: 'tasks/get' | 'tasks/update' | 'tasks/cancel';
  run(tasks: Tasks, invocation: Invocation): Promise<JsonObject>;
}

const METHODS: ReadonlyMap<string, TaskMethod> = new Map(
  (
    [
      {
        name: 'tasks/get',
        run: async (tasks, invocation) => detailedTask(await tasks.find(...targetOf(invocation))),
      },
      {
        name: 'tasks/update',
        async run(tasks, invocation) {
          const { inputResponses } = invocation.params;
          if (!isObject(inputResponses))
            throw new QuaysideError('invalid_params', { message: '`inputResponses` must be an object.' });
          await tasks.answer(...targetOf(invocation), inputResponses);
          return {};
        },
      },
      {
        name: 'tasks/cancel',
        async run(tasks, invocation) {
          await tasks.cancel(...targetOf(invocation));
          return {};
        },
      },
    ] satisfies TaskMethod[]
  ).map((method) => [method.name, method]),
);

function targetOf({ context, server, params }: Invocation): [ReturnType<typeof taskScope>, unknown] {
  return [taskScope(context.principal, server.slug), params.taskId];
}

/** `Task` of the extension: what a call answers that became one. */
export function taskObject(task: Task): JsonObject {
  return {
    taskId: task.id,
    status: task.status,
    ...(task.statusMessage === undefined ? {} : { statusMessage: task.statusMessage }),
    createdAt: new Date(task.createdAt).toISOString(),
    lastUpdatedAt: new Date(task.updatedAt).toISOString(),
    ttlMs: task.ttlMs,
    pollIntervalMs: POLL_INTERVAL_MS,
  };
}

/** `DetailedTask`: with what it asks, or how it ended. */
export function detailedTask(task: Task): JsonObject {
  const { outcome, status, requests } = task;
  if (status === 'input_required') return { ...taskObject(task), inputRequests: requests };
  if (outcome === undefined) return taskObject(task);
  if ('result' in outcome)
    return { ...taskObject(task), result: { resultType: 'complete', ...outcome.result } };
  return { ...taskObject(task), error: errorObject(errorOf(outcome), 'modern') };
}
