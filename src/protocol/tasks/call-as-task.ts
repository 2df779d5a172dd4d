// A call of a tool that may go on as a task: through the gate once, then answered with its outcome or with its task.
import { runOperation } from '../../gate/pipeline.ts';
import type { ToolEntry } from '../../plan/server-plan.ts';
import { StoreUnavailable } from '../../store/store.ts';
import type { JsonObject, Operation, Outcome } from '../../tool.ts';
import type { Invocation, TaskWish } from '../invocation.ts';
import { OperationRecord } from '../operation-record.ts';
import { CreatedTask, type Task, taskScope } from './task.ts';
import type { TaskEnd } from './task-lease.ts';
import { endOf } from './task-outcome.ts';
import { createRun, isRepeatable, type TaskParts } from './task-parts.ts';
import type { NewTask } from './task-records.ts';
import type { TaskRun } from './task-run.ts';

/** A quarter of a second: what ends or asks by then is answered at once, and a person has not begun to wait. */
const TASK_AFTER_MS = 250;
/** One hour after the latest end to fetch the result. */
const KEEP_MS = 3_600_000;
/** A week: a client that asks for more may ask again. */
const TTL_MS_MAX = 7 * 24 * 3_600_000;
/** One second: what lives shorter is gone before it can be asked for. */
const TTL_MS_MIN = 1000;
/** Pause before the end of a task is written again while the store cannot be reached. */
const RETRY_MS = 1000;

interface Calling {
  readonly invocation: Invocation;
  readonly entry: ToolEntry;
  readonly args: JsonObject;
  readonly wish: TaskWish;
  readonly run: TaskRun;
}

/** The outcome of the call, or a {@link CreatedTask} where it goes on. Never rejects. */
export async function callAsTask(
  parts: TaskParts,
  given: Omit<Calling, 'run'>,
): Promise<{ readonly outcome: Outcome; readonly finished: Promise<void> }> {
  const { invocation, entry, args, wish } = given;
  const { context, channel } = invocation;
  const { protocolVersion, sessionId } = channel;
  const { capabilities, progress } = wish;
  const server = invocation.server.slug;
  const started = createRun(parts, { entry, server, protocolVersion, sessionId, capabilities, progress });
  const { run } = started;
  const calling: Calling = { ...given, run };
  const first = started.channel(wish.rounds);
  first.speakThrough(channel);
  context.governed = true;
  const became = Promise.withResolvers<void>();
  let stopTimer: (() => void) | undefined;
  const operation: Operation = new OperationRecord(entry.target, invocation, args);
  const ended = runOperation(entry, operation, async (admitted) => {
    if (admitted.runsToEnd !== true) {
      invocation.cancellation.onCancel(() => {
        // A task is cancelled by its id; until then the request is all there is.
        if (run.created === undefined) run.end(new Error('The client cancelled the request.'));
      });
    }
    const become = () => becomeTask(parts, calling, admitted).then(became.resolve);
    if (wish.when === 'at-once') await become();
    else {
      stopTimer = parts.clock.after(TASK_AFTER_MS, () => {
        // Where there is no room, or no store, the client gets its answer as a client without tasks does.
        become().catch((error: unknown) =>
          parts.log.info({ reason: String(error) }, 'A call became no task.'),
        );
      });
    }
    return run.run(admitted, first);
  });
  await Promise.race([became.promise, ended]);
  stopTimer?.();
  if (run.created !== undefined) {
    return {
      outcome: await answerOf(run.created, ended),
      finished: finish(parts, run, ended, context.requestId),
    };
  }
  return { outcome: await settledOutcome(parts, calling, await ended), finished: Promise.resolve() };
}

/** Writes the end of a task when its call has ended; never rejects. */
export async function finish(
  parts: TaskParts,
  run: TaskRun,
  ended: Promise<Outcome>,
  requestId: string,
): Promise<void> {
  try {
    const task = await run.created;
    const outcome = await Promise.race([ended, run.released]);
    if (task === undefined || outcome === undefined) return;
    await writeEnd(parts, task, endOf(outcome, requestId));
  } catch (error) {
    parts.onProblem(error);
  } finally {
    const { task } = run;
    if (task !== undefined) parts.running.delete(task.id);
    run.leaveRoom();
  }
}

async function writeEnd(parts: TaskParts, task: Task, end: TaskEnd): Promise<void> {
  const { lease, news, clock, leaseMs } = parts;
  const deadline = clock.monotonic() + leaseMs;
  for (;;) {
    try {
      // Nothing where it was cancelled, or where another process took it over.
      const written = await lease.end(task, end);
      if (written !== undefined) news.publish(written);
      return;
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || clock.monotonic() >= deadline) throw error;
      await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve, { keepsAlive: true }));
    }
  }
}

async function becomeTask(parts: TaskParts, calling: Calling, admitted: Operation): Promise<void> {
  const { run, invocation } = calling;
  const leaveRoom = await parts.room.take(taskScope(invocation.context.principal, invocation.server.slug));
  // Ended while its place was looked for.
  if (run.isOver) {
    leaveRoom();
    return;
  }
  const created = parts.records.create(newTask(calling)).then((task) => {
    parts.running.set(task.id, run);
    return task;
  });
  run.becomes(created, leaveRoom);
  // Tasks have bounds of their own: those that wait for people must not fill the server.
  admitted.slot?.end();
  admitted.slot = undefined;
}

function newTask({ invocation, entry, args, wish }: Calling): NewTask {
  const { context, channel, server } = invocation;
  const { spec } = entry.item;
  const wanted = wish.ttlMs ?? spec.timeoutMs + KEEP_MS;
  return {
    scope: taskScope(context.principal, server.slug),
    tool: spec.name,
    ttlMs: Math.min(TTL_MS_MAX, Math.max(TTL_MS_MIN, Math.round(wanted))),
    caller: {
      principal: context.principal,
      ...(context.onBehalfOf === undefined ? {} : { onBehalfOf: context.onBehalfOf }),
      clientAddress: context.clientAddress,
      requestId: context.requestId,
      protocolVersion: channel.protocolVersion,
      capabilities: wish.capabilities,
    },
    arguments: args,
    answers: wish.answers,
    isResumable: isRepeatable(entry),
  };
}

async function answerOf(created: Promise<Task>, ended: Promise<Outcome>): Promise<Outcome> {
  const task = await created.catch(() => undefined);
  // What could not be written down has ended the call, whose outcome says so.
  return task === undefined ? ended : { ok: true, result: new CreatedTask(task) };
}

/** A client that asked for a task gets one, also where the gate had the answer already. */
async function settledOutcome(parts: TaskParts, calling: Calling, outcome: Outcome): Promise<Outcome> {
  const { wish, invocation } = calling;
  if (wish.when !== 'at-once' || !outcome.ok) return outcome;
  let leaveRoom: (() => void) | undefined;
  try {
    leaveRoom = await parts.room.take(taskScope(invocation.context.principal, invocation.server.slug));
    const { status, outcome: kept } = endOf(outcome, invocation.context.requestId);
    const ended = kept === undefined ? {} : { ended: { status, outcome: kept } };
    const task = await parts.records.create({ ...newTask(calling), ...ended });
    return { ok: true, result: new CreatedTask(task) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error : new Error(String(error)) };
  } finally {
    leaveRoom?.();
  }
}
