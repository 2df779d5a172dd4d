// A task whose process is gone goes on here: from its start where repeating it does no harm, else to its end.
import { QuaysideError } from '../../errors.ts';
import { runOperation } from '../../gate/pipeline.ts';
import type { Entry } from '../../plan/server-plan.ts';
import type { Outcome } from '../../tool.ts';
import { OperationRecord } from '../operation-record.ts';
import { finish } from './call-as-task.ts';
import { resumedInvocation } from './resumed-invocation.ts';
import type { Task } from './task.ts';
import { endOf } from './task-outcome.ts';
import { createRun, type TaskParts } from './task-parts.ts';

/** What it passes again; it was limited, reserved and approved before. */
const STAGES_OF_RESUMED: ReadonlySet<string> = new Set(['observe', 'audit', 'permission', 'output']);

/** Resolves, never rejects, when the task has ended. */
export async function resumeTask(parts: TaskParts, task: Task): Promise<void> {
  const { caller } = task;
  const server = parts.plans.current().servers.get(task.server);
  const entry = server?.tools.get(task.tool);
  if (server === undefined || entry?.item.spec.taskSupport === undefined) {
    await endUnserved(parts, task);
    return;
  }
  const release = parts.plans.acquireServer(server);
  const started = createRun(parts, {
    entry,
    server: server.slug,
    protocolVersion: caller.protocolVersion,
    capabilities: caller.capabilities,
  });
  const { run } = started;
  parts.running.set(task.id, run);
  run.becomes(Promise.resolve(task));
  const channel = run.channelFor(task.answers);
  const invocation = resumedInvocation(task, server, channel);
  const operation = new OperationRecord(entry.target, invocation, task.arguments);
  const { principal, clientAddress } = caller;
  const isAdmitted = parts.stillAdmitted({ principal, slug: server.slug, clientAddress });
  const ended = runOperation(stagesOfResumed(entry), operation, async (admitted) => {
    if (!isAdmitted)
      throw new QuaysideError('forbidden', { message: 'The caller of the task is not admitted any more.' });
    if (!task.isResumable) throw new QuaysideError('task_interrupted');
    return run.run(admitted, channel);
  });
  await finish(parts, run, ended, caller.requestId);
  release();
}

function stagesOfResumed({ stages }: Entry<unknown>): Pick<Entry<unknown>, 'stages'> {
  return { stages: stages.filter(({ name }) => STAGES_OF_RESUMED.has(name)) };
}

/** There is nothing left that could run it, or record that it did not. */
async function endUnserved(parts: TaskParts, task: Task): Promise<void> {
  const outcome: Outcome = { ok: false, error: new QuaysideError('task_interrupted') };
  parts.log.warn({ task: task.id, tool: task.tool }, 'A task was interrupted, and its tool is gone.');
  try {
    const written = await parts.lease.end(task, endOf(outcome, task.caller.requestId));
    if (written !== undefined) parts.news.publish(written);
  } catch (error) {
    parts.onProblem(error);
  }
}
