// Tasks in the store. Every write that others may wait for is announced to all processes.
import { randomBytes } from 'node:crypto';
import type { Statement, StoreValues } from '../../store/statement.ts';
import type { Store } from '../../store/store.ts';
import type { JsonObject } from '../../tool.ts';
import {
  answerTask,
  cancelTask,
  countTasks,
  findTask,
  insertTask,
  listTasks,
  readTasks,
  removeOldTasks,
  type TaskRow,
} from './statements.ts';
import {
  isFinal,
  TASK_STATUSES,
  type Task,
  type TaskCaller,
  type TaskOutcome,
  type TaskScope,
  type TaskStatus,
} from './task.ts';

/** Announced with every change that somebody may wait for. */
export const TASKS_TOPIC = 'tasks';

/** 144 bits: where nobody is authenticated, the id is all that guards a task. */
const ID_BYTES = 18;

/** What a new task is made of. */
export interface NewTask extends Pick<Task, 'tool' | 'ttlMs' | 'caller' | 'arguments' | 'answers'> {
  readonly scope: TaskScope;
  readonly isResumable: boolean;
  /** A call that ended before anybody waited for it. */
  readonly ended?: { readonly status: TaskStatus; readonly outcome: TaskOutcome };
}

/** One per process. All reject with StoreUnavailable where there is no store now. */
export interface TaskRecords {
  create(task: NewTask): Promise<Task>;
  /** Undefined for what does not exist for this caller. */
  find(scope: TaskScope, id: string): Promise<Task | undefined>;
  /** Newest first. */
  list(scope: TaskScope, page: TaskPage): Promise<readonly Task[]>;
  /** Tasks of a caller that have not expired, on every server. */
  count(scope: TaskScope): Promise<number>;
  /** Undefined where it was not waiting, or changed since it was read. */
  answer(task: Task, answers: JsonObject): Promise<Task | undefined>;
  /** Undefined where it had ended. */
  cancel(scope: TaskScope, id: string): Promise<Task | undefined>;
  read(ids: readonly string[]): Promise<readonly Task[]>;
}

/** Which part of a list. */
export interface TaskPage {
  readonly most: number;
  readonly skipped: number;
}

/** Where tasks are. */
export interface TaskStore {
  readonly store: Store;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** `firstLease` gives the values of the lease that a new task begins with. */
export function createTaskRecords(deps: TaskStore, firstLease: () => StoreValues): TaskRecords {
  const { store, now } = deps;
  return {
    async create(task) {
      const values = { ...valuesOf(task, now()), ...firstLease() };
      const created = await changeTask(deps, insertTask, task.scope.tenantId, values);
      if (created === undefined) throw new Error('The store returned no row of the new task.');
      return created;
    },
    async find({ tenantId, principal, server }, id) {
      const [row] = await store.read({ tenant: tenantId }, findTask, { principal, server, id, now: now() });
      return row === undefined ? undefined : parseTask(row);
    },
    async list({ tenantId, principal, server }, page) {
      const values = { principal, server, now: now(), ...page };
      return (await store.read({ tenant: tenantId }, listTasks, values)).map(parseTask);
    },
    async count({ tenantId, principal }) {
      const [row] = await store.read({ tenant: tenantId }, countTasks, { principal, now: now() });
      return row?.kept ?? 0;
    },
    answer(task, given) {
      const open = Object.entries(task.requests).filter(([key]) => !Object.hasOwn(given, key));
      return changeTask(deps, answerTask, task.tenantId, {
        id: task.id,
        revision: task.revision,
        answers: JSON.stringify({ ...task.answers, ...given }),
        requests: JSON.stringify(Object.fromEntries(open)),
        status: open.length === 0 ? 'working' : 'input_required',
      });
    },
    cancel({ tenantId, principal, server }, id) {
      const message = 'The task was cancelled by request.';
      return changeTask(deps, cancelTask, tenantId, { principal, server, id, message });
    },
    async read(ids) {
      return (await store.read('system', readTasks, { ids: JSON.stringify(ids) })).map(parseTask);
    },
  };
}

/** Changes one task and tells every process; undefined where the statement found none. */
export async function changeTask(
  { store, now }: TaskStore,
  statement: Statement<TaskRow>,
  tenant: string,
  values: StoreValues,
): Promise<Task | undefined> {
  const [changed] = await store.write({ tenant }, [
    { statement, values: { ...values, now: now() } },
    store.announce(TASKS_TOPIC),
  ]);
  const row = changed?.rows[0];
  return row === undefined ? undefined : parseTask(row);
}

/** Removes what has expired; for the hourly clean-up. Answers how many tasks went. */
export async function removeExpiredTasks(store: Store, now: number): Promise<number> {
  const [removed] = await store.write('system', [{ statement: removeOldTasks, values: { before: now } }]);
  return removed?.changes ?? 0;
}

/** A task from its row. */
export function parseTask(row: Readonly<Partial<Record<keyof TaskRow, unknown>>>): Task {
  const outcome: TaskOutcome | null = row.outcome == null ? null : JSON.parse(String(row.outcome));
  const caller: TaskCaller = JSON.parse(String(row.caller));
  const status = TASK_STATUSES.find((one) => one === row.status) ?? 'failed';
  return {
    id: String(row.id),
    tenantId: String(row.tenant_id),
    server: String(row.server),
    tool: String(row.tool),
    status,
    ...(row.status_message == null ? {} : { statusMessage: String(row.status_message) }),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    ttlMs: Number(row.ttl_ms),
    expiresAt: Number(row.expires_at),
    revision: Number(row.revision),
    requests: JSON.parse(String(row.requests)),
    answers: JSON.parse(String(row.answers)),
    ...(outcome === null || !isFinal({ status }) ? {} : { outcome }),
    caller,
    arguments: JSON.parse(String(row.arguments)),
    isResumable: row.is_resumable === 1,
  };
}

function valuesOf(task: NewTask, now: number): StoreValues {
  const { scope, ended } = task;
  return {
    id: randomBytes(ID_BYTES).toString('base64url'),
    server: scope.server,
    principal: scope.principal,
    tool: task.tool,
    caller: JSON.stringify(task.caller),
    arguments: JSON.stringify(task.arguments),
    status: ended?.status ?? 'working',
    ttl_ms: task.ttlMs,
    expires_at: now + task.ttlMs,
    answers: JSON.stringify(task.answers),
    outcome: ended === undefined ? null : JSON.stringify(ended.outcome),
    is_resumable: task.isResumable ? 1 : 0,
  };
}
