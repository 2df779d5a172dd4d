// Tasks of this process: calls become tasks, run to their end, and are found again by whoever made them, in every
// process over the same store. Each era says the same tasks in its own words (modern/tasks.ts, legacy/tasks.ts).
import type { Clock } from '../../clock.ts';
import { QuaysideError } from '../../errors.ts';
import type { Caller } from '../../gate/stage.ts';
import type { PlanHolder, ServerPlan, ToolEntry } from '../../plan/server-plan.ts';
import type { Store } from '../../store/store.ts';
import type { Log } from '../../telemetry/log.ts';
import type { JsonObject, Outcome } from '../../tool.ts';
import type { ChangeHub } from '../changes.ts';
import { parseAnswer } from '../input-rounds.ts';
import type { Invocation, TaskWish } from '../invocation.ts';
import { callAsTask } from './call-as-task.ts';
import { resumeTask } from './resume-task.ts';
import type { Task, TaskScope } from './task.ts';
import { createTaskLease } from './task-lease.ts';
import { createTaskNews, type TaskListener } from './task-news.ts';
import type { TaskParts } from './task-parts.ts';
import { createTaskRecords, TASKS_TOPIC, type TaskPage } from './task-records.ts';
import { createTaskRoom } from './task-room.ts';
import type { TaskRun } from './task-run.ts';

/** A process that is gone is noticed after this. */
const LEASE_MS = 30_000;
/** Renewals that fit into a lease, so that one that fails loses nothing. */
const RENEWALS = 3;

export interface TasksDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly plans: PlanHolder;
  /** Whether what let the caller in still would; asked before its task begins again. */
  readonly stillAdmitted: (caller: Caller) => boolean;
  /** Default 30,000 ms. */
  readonly leaseMs?: number;
}

/** One per process: what the eras ask of tasks. */
export interface Tasks {
  /** Takes over what other processes left, and hears what they do. `hub` takes what handlers say has changed. */
  start(hub: Pick<ChangeHub, 'notify'>): void;
  /** Whether a server has anything that can become a task. */
  offeredBy(server: ServerPlan): boolean;
  /** Passes a call through the gate: its outcome, or that it goes on as a `CreatedTask`. Never rejects. */
  call(invocation: Invocation, entry: ToolEntry, args: JsonObject, wish: TaskWish): Promise<Outcome>;
  /** Throws `unknown_task` for what does not exist for this caller. */
  find(scope: TaskScope, id: unknown): Promise<Task>;
  /** Newest first. */
  list(scope: TaskScope, page: TaskPage): Promise<readonly Task[]>;
  /** Hands in answers; those that nobody asked for are ignored. Throws `unknown_task` and `invalid_params`. */
  answer(scope: TaskScope, id: unknown, answers: JsonObject): Promise<void>;
  /** Undefined where it had ended. Throws `unknown_task`. */
  cancel(scope: TaskScope, id: unknown): Promise<Task | undefined>;
  /** Tells each newer state of tasks that the caller has found. Returns the way to stop. */
  follow(tasks: readonly Task[], listener: TaskListener): () => void;
  /** Ends what runs here, or leaves it to others; resolves when that is written down. */
  close(): Promise<void>;
}

/** Asked with every call of some clients, and the answer is the plan's: so each plan is looked through once. */
function createOffers(): Tasks['offeredBy'] {
  const known = new WeakMap<ServerPlan, boolean>();
  return (server) => {
    let offers = known.get(server);
    if (offers === undefined) {
      offers = [...server.tools.values()].some(({ item }) => item.spec.taskSupport !== undefined);
      known.set(server, offers);
    }
    return offers;
  };
}

/** `start` begins the work; without it nothing of other processes is heard. */
export function createTasks(deps: TasksDeps): Tasks {
  const engine = createEngine(deps);
  const { parts, track } = engine;
  const { records, news, running, clock } = parts;
  let stops: (() => void)[] = [];
  return {
    start(hub) {
      engine.publish = hub.notify;
      const look = createLook(parts);
      const tick = () => keepUp(engine).catch(parts.onProblem);
      stops = [deps.store.watch(TASKS_TOPIC, look), repeat(clock, parts.leaseMs / RENEWALS, tick)];
    },
    offeredBy: createOffers(),
    async call(invocation, entry, args, wish) {
      const release = parts.plans.acquireServer(invocation.server);
      const { outcome, finished } = await callAsTask(parts, { invocation, entry, args, wish });
      track(finished.finally(release));
      return outcome;
    },
    find: (scope, id) => findTask(parts, scope, id),
    list: records.list,
    answer: (scope, id, answers) => answerTask(engine, scope, { id, answers }),
    async cancel(scope, id) {
      const { id: known } = await findTask(parts, scope, id);
      const cancelled = await records.cancel(scope, known);
      if (cancelled !== undefined) tell(parts, cancelled);
      return cancelled;
    },
    follow: news.follow,
    async close() {
      for (const stop of stops) stop();
      const left = [...running.values()].map((run) => leave(parts, run));
      await Promise.all(left);
      const patience = new Promise<void>((resolve) => clock.after(CLOSE_MS, resolve, { keepsAlive: true }));
      await Promise.race([Promise.all(engine.finishing), patience]);
    },
  };
}

interface Engine {
  readonly parts: TaskParts;
  readonly finishing: ReadonlySet<Promise<void>>;
  /** Waits for it when the process ends. */
  track(finished: Promise<void>): void;
  publish: ChangeHub['publish'];
}

function createEngine(deps: TasksDeps): Engine {
  const { store, clock, log, plans, stillAdmitted, leaseMs = LEASE_MS } = deps;
  const onProblem = (error: unknown): void =>
    log.error({ err: error }, 'A task could not be read or written.');
  const taskStore = { store, now: clock.now };
  const lease = createTaskLease(taskStore, leaseMs);
  const records = createTaskRecords(taskStore, lease.first);
  const finishing = new Set<Promise<void>>();
  const engine: Engine = {
    parts: {
      records,
      lease,
      room: createTaskRoom(records),
      news: createTaskNews(onProblem),
      running: new Map(),
      clock,
      log,
      plans,
      leaseMs,
      stillAdmitted,
      publish: (slug, change) => engine.publish(slug, change),
      onProblem,
    },
    finishing,
    track(finished) {
      finishing.add(finished);
      void finished.finally(() => finishing.delete(finished));
    },
    publish: () => undefined,
  };
  return engine;
}

async function findTask({ records }: TaskParts, scope: TaskScope, id: unknown): Promise<Task> {
  if (typeof id !== 'string') {
    throw new QuaysideError('invalid_params', {
      message: '`taskId` must be a string.',
      data: { field: 'taskId' },
    });
  }
  const task = await records.find(scope, id);
  if (task === undefined) throw new QuaysideError('unknown_task');
  return task;
}

async function answerTask(
  engine: Engine,
  scope: TaskScope,
  { id, answers }: { readonly id: unknown; readonly answers: JsonObject },
): Promise<void> {
  const { parts } = engine;
  for (;;) {
    const task = await findTask(parts, scope, id);
    const given = answersTo(task, answers);
    if (Object.keys(given).length === 0) return;
    // Undefined: somebody else answered in between, and what is asked now is another question.
    const answered = await parts.records.answer(task, given);
    if (answered === undefined) continue;
    tell(parts, answered);
    // It waited while nobody ran it, where its process is gone.
    if (answered.status === 'working' && !parts.running.has(answered.id)) await claimLost(engine);
    return;
  }
}

function tell({ running, news }: TaskParts, task: Task): void {
  running.get(task.id)?.seen(task);
  news.publish(task);
}

/** Keeps what runs here, ends what has expired, and takes what nobody runs. */
async function keepUp(engine: Engine): Promise<void> {
  const { running, lease, news, clock } = engine.parts;
  if (running.size > 0) await lease.renew();
  const now = clock.now();
  for (const run of running.values()) {
    if (run.task !== undefined && run.task.expiresAt <= now) run.end(new Error('The task has expired.'));
  }
  news.expire(now);
  await claimLost(engine);
}

async function claimLost({ parts, track }: Engine): Promise<void> {
  const lost = await parts.lease.claimLost([...parts.plans.current().servers.keys()]);
  for (const task of lost) track(resumeTask(parts, task));
}

/** Another process may go on with what can be repeated; the rest ends here. */
async function leave({ lease, onProblem }: TaskParts, run: TaskRun): Promise<void> {
  const { task } = run;
  if (task?.isResumable !== true) {
    run.end(new QuaysideError('task_interrupted'));
    return;
  }
  run.release();
  await lease.release(task).catch(onProblem);
}

/** Ends of tasks are written at once; a store that is lost must not keep the process. */
const CLOSE_MS = 2000;

/** Reads what somebody waits for when any process changed any task; asked while it reads, it reads once more. */
function createLook({ records, news, running, onProblem }: TaskParts): () => void {
  let isLooking = false;
  let looksAgain = false;
  const look = async (): Promise<void> => {
    while (looksAgain) {
      looksAgain = false;
      const ids = [...new Set([...running.keys(), ...news.followed()])];
      if (ids.length === 0) return;
      for (const task of await records.read(ids)) {
        running.get(task.id)?.seen(task);
        news.publish(task);
      }
    }
  };
  return () => {
    looksAgain = true;
    if (isLooking) return;
    isLooking = true;
    look()
      .catch(onProblem)
      .finally(() => {
        isLooking = false;
      });
  };
}

/** Runs `work` now and every `intervalMs` after it has ended. Returns the way to stop. */
function repeat(clock: Clock, intervalMs: number, work: () => Promise<void>): () => void {
  let isStopped = false;
  let stop = (): void => undefined;
  const again = async (): Promise<void> => {
    await work();
    if (!isStopped) stop = clock.after(intervalMs, () => void again());
  };
  void again();
  return () => {
    isStopped = true;
    stop();
  };
}

/** The answers to what is asked now, each judged. */
function answersTo({ requests }: Task, answers: JsonObject): JsonObject {
  const asked = Object.entries(requests).filter(([key]) => Object.hasOwn(answers, key));
  return Object.fromEntries(asked.map(([key, request]) => [key, parseAnswer(key, request, answers[key])]));
}
