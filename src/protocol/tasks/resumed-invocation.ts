// A task's call as it would have arrived in this process, for a task that begins again after another one died.
import type { ServerPlan } from '../../plan/server-plan.ts';
import type { Invocation } from '../invocation.ts';
import type { RequestContext } from '../request-context.ts';
import type { Task } from './task.ts';
import type { TaskChannel } from './task-channel.ts';

/** Nobody waits at its other end. */
export function resumedInvocation(task: Task, server: ServerPlan, channel: TaskChannel): Invocation {
  const context = new AbsentContext(task);
  return {
    server,
    method: 'tools/call',
    params: { name: task.tool, arguments: task.arguments },
    context,
    channel,
    cancellation: context,
  };
}

class AbsentContext implements RequestContext {
  readonly principal: RequestContext['principal'];
  readonly onBehalfOf: string | undefined;
  readonly clientAddress: string;
  readonly requestId: string;
  readonly startedAt: number = performance.now();
  readonly answerHeaders: Record<string, string> = {};
  readonly headers = undefined;
  readonly streaming = 'no';
  governed = true;

  constructor({ caller }: Task) {
    this.principal = caller.principal;
    this.onBehalfOf = caller.onBehalfOf;
    this.clientAddress = caller.clientAddress;
    this.requestId = caller.requestId;
  }

  send(): void {
    // Dropped, as for every client that cannot read messages before the answer.
  }

  release(): void {
    // The task holds the plan by itself.
  }

  closeStream(): void {
    // There is none.
  }

  onCancel(): void {
    // A task is cancelled by its id.
  }
}
