// A task: a call that goes on after it was answered, as both eras and the store know it.
import type { InputRequest, JsonObject, Principal } from '../../tool.ts';

/** Name of the modern extension. */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';
/** What a modern client or server declares that knows tasks. */
export const TASKS_CAPABILITY: JsonObject = { extensions: { [TASKS_EXTENSION]: {} } };

export const TASK_STATUSES = ['working', 'input_required', 'completed', 'failed', 'cancelled'] as const;
/** One of {@link TASK_STATUSES}; the last three are final. */
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** How the call ended: its result, or the error by its code of the table, which each era says in its own numbers. */
export type TaskOutcome =
  | { readonly result: JsonObject }
  | { readonly error: { readonly code: string; readonly message: string; readonly data?: JsonObject } };

/** What is kept of the call for whoever goes on with it in another process. Never holds a credential. */
export interface TaskCaller {
  readonly principal: Principal;
  readonly onBehalfOf?: string;
  readonly clientAddress: string;
  readonly requestId: string;
  readonly protocolVersion: string;
  /** What the client declared. */
  readonly capabilities: JsonObject;
}

export interface Task {
  readonly id: string;
  readonly tenantId: string;
  /** Slug. */
  readonly server: string;
  /** Canonical name. */
  readonly tool: string;
  readonly status: TaskStatus;
  readonly statusMessage?: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly ttlMs: number;
  readonly expiresAt: number;
  /** Counts the writes of this task. */
  readonly revision: number;
  /** What the client is asked now. */
  readonly requests: Readonly<Record<string, InputRequest>>;
  /** What it answered so far; a key is asked once in the life of a task. */
  readonly answers: JsonObject;
  readonly outcome?: TaskOutcome;
  readonly caller: TaskCaller;
  readonly arguments: JsonObject;
  /** Whether another process may run it again from its start when this one is gone. */
  readonly isResumable: boolean;
}

/** Who may see a task: the caller that made it, on the server where it was made. */
export interface TaskScope {
  readonly tenantId: string;
  readonly principal: string;
  readonly server: string;
}

export function taskScope(principal: Principal, server: string): TaskScope {
  return { tenantId: principal.tenantId, principal: `${principal.type}:${principal.id}`, server };
}

/** Whether nothing more happens to it. */
export function isFinal({ status }: Pick<Task, 'status'>): boolean {
  return status !== 'working' && status !== 'input_required';
}

/** A result of `tools/call` that is no result yet; each era says it in its own form. */
export class CreatedTask {
  readonly task: Task;
  constructor(task: Task) {
    this.task = task;
  }
}
