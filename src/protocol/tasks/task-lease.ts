// What a process writes about the tasks that it runs. Every write carries its name: once another process has taken a task
// over, or somebody cancelled it, nothing of the old run counts.
import { randomUUID } from 'node:crypto';
import type { Statement, StoreValues } from '../../store/statement.ts';
import type { InputRequest } from '../../tool.ts';
import {
  claimTasks,
  countLostTasks,
  endTask,
  noteTask,
  parkTask,
  releaseTask,
  renewTasks,
  resumeTask,
  type TaskRow,
} from './statements.ts';
import type { Task, TaskOutcome, TaskStatus } from './task.ts';
import { changeTask, parseTask, type TaskStore } from './task-records.ts';

/** How a task ends. */
export interface TaskEnd {
  readonly status: TaskStatus;
  readonly outcome?: TaskOutcome;
  readonly message?: string;
}

/** One per process. All reject with StoreUnavailable where there is no store now. */
export interface TaskLease {
  /** What a new task of this process begins with. */
  first(): StoreValues;
  /** These answer undefined where the task has ended or went to another process. */
  park(task: Task, requests: Readonly<Record<string, InputRequest>>): Promise<Task | undefined>;
  resume(task: Task, isResumable: boolean): Promise<Task | undefined>;
  note(task: Task, message: string): Promise<Task | undefined>;
  end(task: Task, end: TaskEnd): Promise<Task | undefined>;
  /** Lets another process take it at once. */
  release(task: Task): Promise<void>;
  renew(): Promise<void>;
  /** Tasks on these servers whose processes are gone; they are now this one's. */
  claimLost(servers: readonly string[]): Promise<readonly Task[]>;
}

/** After `leaseMs` a process that is silent is gone. */
export function createTaskLease(deps: TaskStore, leaseMs: number): TaskLease {
  const { store, now } = deps;
  const owner = randomUUID();
  const until = () => now() + leaseMs;
  const change = (statement: Statement<TaskRow>, task: Task, values: StoreValues) =>
    changeTask(deps, statement, task.tenantId, { ...values, id: task.id, owner });
  return {
    first: () => ({ owner, lease_until: until() }),
    park: (task, requests) => change(parkTask, task, { requests: JSON.stringify(requests) }),
    resume: (task, isResumable) => change(resumeTask, task, { is_resumable: isResumable ? 1 : 0 }),
    note: (task, message) => change(noteTask, task, { message }),
    end: (task, { status, outcome, message }) =>
      change(endTask, task, {
        status,
        outcome: outcome === undefined ? null : JSON.stringify(outcome),
        message: message ?? null,
      }),
    async release(task) {
      const values = { id: task.id, owner };
      await store.write({ tenant: task.tenantId }, [{ statement: releaseTask, values }]);
    },
    async renew() {
      await store.write('system', [{ statement: renewTasks, values: { owner, until: until() } }]);
    },
    async claimLost(servers) {
      const lost = { servers: JSON.stringify(servers), now: now() };
      const [found] = await store.read('system', countLostTasks, lost);
      if (found === undefined || found.lost === 0) return [];
      const values = { ...lost, owner, until: until() };
      const [claimed] = await store.write('system', [{ statement: claimTasks, values }]);
      return (claimed?.rows ?? []).map(parseTask);
    },
  };
}
