// One request of either era on its way to the gate.
import type { ServerPlan } from '../plan/server-plan.ts';
import type { ClientChannel, JsonObject } from '../tool.ts';
import type { Cancellation, RequestContext } from './request-context.ts';
import type { RunningCall } from './running-call.ts';

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
}
