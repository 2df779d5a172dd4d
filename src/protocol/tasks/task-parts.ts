// What the parts of the tasks share: the process's records, who waits, and which calls run here as tasks.
import type { Clock } from '../../clock.ts';
import type { Caller } from '../../gate/stage.ts';
import type { PlanHolder, ToolEntry } from '../../plan/server-plan.ts';
import type { Log } from '../../telemetry/log.ts';
import type { ChangeNotice, JsonObject } from '../../tool.ts';
import { InputRounds, ownAnswer } from '../input-rounds.ts';
import type { TaskProgress } from '../invocation.ts';
import { TaskChannel } from './task-channel.ts';
import type { TaskLease } from './task-lease.ts';
import type { TaskNews } from './task-news.ts';
import type { TaskRecords } from './task-records.ts';
import type { TaskRoom } from './task-room.ts';
import { TaskRun } from './task-run.ts';

export interface TaskParts {
  readonly records: TaskRecords;
  readonly lease: TaskLease;
  readonly room: TaskRoom;
  readonly news: TaskNews;
  /** Tasks that this process runs, by id. */
  readonly running: Map<string, TaskRun>;
  readonly clock: Clock;
  readonly log: Log;
  readonly plans: PlanHolder;
  readonly leaseMs: number;
  /** Whether what let the caller in still would; asked before its task begins again. */
  readonly stillAdmitted: (caller: Caller) => boolean;
  readonly publish: (slug: string, change: ChangeNotice) => void;
  readonly onProblem: (error: unknown) => void;
}

/** The call as its handler sees it in every run. */
export interface TaskCall {
  readonly entry: ToolEntry;
  readonly server: string;
  readonly protocolVersion: string;
  readonly sessionId?: string | undefined;
  readonly capabilities: JsonObject;
  readonly progress?: TaskProgress | undefined;
}

/** A run, and the channel of its handler for one round of answers. */
export interface StartedRun {
  readonly run: TaskRun;
  channel(rounds: InputRounds): TaskChannel;
}

export function createRun(parts: TaskParts, call: TaskCall): StartedRun {
  const { entry, server, protocolVersion, sessionId, capabilities } = call;
  const channel = (rounds: InputRounds): TaskChannel =>
    new TaskChannel({
      protocolVersion,
      sessionId,
      capabilities,
      rounds,
      publish: (change) => parts.publish(server, change),
      progress(progress, total, message) {
        if (run.task !== undefined) call.progress?.(run.task, { progress, total, message });
        run.note(message ?? (total === undefined ? String(progress) : `${progress} of ${total}`));
      },
    });
  const run: TaskRun = new TaskRun({
    entry,
    lease: parts.lease,
    clock: parts.clock,
    changed: parts.news.publish,
    onProblem: parts.onProblem,
    channelFor: (answers) =>
      channel(new InputRounds({ capabilities, answerOf: (key) => ownAnswer(answers, key) })),
  });
  return { run, channel };
}

/** Whether a task of this tool begins again by itself after its process died: repeating it does no harm. */
export function isRepeatable({ item }: ToolEntry): boolean {
  const { readOnlyHint, idempotentHint } = item.spec.annotations;
  return readOnlyHint === true || idempotentHint === true;
}
