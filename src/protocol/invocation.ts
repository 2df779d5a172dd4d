// One request of either era on its way to the gate.
import type { ServerPlan } from '../plan/server-plan.ts';
import type { ClientChannel, JsonObject } from '../tool.ts';
import type { InputRounds } from './input-rounds.ts';
import type { Cancellation, RequestContext } from './request-context.ts';
import type { RunningCall } from './running-call.ts';
import type { Task } from './tasks/task.ts';

/** A client channel that can end its call, for instance to ask the client first. */
export interface CodecChannel extends ClientChannel {
  attach(call: RunningCall): void;
}

/** One request of either era, on the plan it will stay on. */
export interface Invocation {
  readonly server: ServerPlan;
  readonly method: string;
  readonly params: JsonObject;
  readonly context: RequestContext;
  readonly channel: CodecChannel;
  readonly cancellation: Cancellation;
  /** W3C trace context that the message itself carries (MCP 2026-07-28, basic: `_meta`). */
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** Present where the client knows tasks. */
  readonly task?: TaskWish;
}

/** How a call may become a task. */
export interface TaskWish {
  /** The client asked for one, or the server decides. */
  readonly when: 'at-once' | 'when-long';
  /** How long the client wants to be able to ask for it, in milliseconds. */
  readonly ttlMs?: number;
  /** What the client declared. */
  readonly capabilities: JsonObject;
  /** Where the first run of the handler finds answers, and leaves what it asks. */
  readonly rounds: InputRounds;
  /** Every answer that the request brought. */
  readonly answers: JsonObject;
  /** Takes progress once the request is answered; only the legacy era can say it then. */
  readonly progress?: TaskProgress | undefined;
}

/** What a handler says of how far it is. */
export type TaskProgress = (
  task: Pick<Task, 'id'>,
  said: {
    readonly progress: number;
    readonly total?: number | undefined;
    readonly message?: string | undefined;
  },
) => void;
