// What the parts of the MCP endpoint hand each other.
import type { Plan, PlanHolder, ServerPlan } from '../../plan/server-plan.ts';
import type { Protocol } from '../../protocol/protocol.ts';
import type { Log } from '../../telemetry/log.ts';
import type { RequestObservation } from '../../telemetry/observer.ts';
import type { Principal } from '../../tool.ts';
import type { EventStreams } from './event-stream.ts';
import type { HttpExchange, ListenerState } from './exchange.ts';

/** Whether the tool calls of this caller answer as a stream from their start. */
export type StreamsAtOnce = (principal: Principal, onBehalfOf: string | undefined) => boolean;

export interface EndpointDeps {
  readonly plans: PlanHolder;
  readonly protocol: Protocol;
  readonly streams: EventStreams;
  readonly log: Log;
  readonly listener: ListenerState;
  readonly observeRequest?: (observation: RequestObservation) => void;
  readonly streamsAtOnce?: StreamsAtOnce;
  /** Makes ids that name this process, where several serve together. */
  readonly newSessionId?: () => string;
}

/** An exchange that passed the request stages, on the plan it stays on. */
export interface Admitted {
  readonly exchange: HttpExchange;
  readonly principal: Principal;
  readonly server: ServerPlan;
  readonly plan: Plan;
  readonly release: () => void;
}

/** What is said about a request when its answer is out. */
export interface Seen {
  readonly method: string;
  readonly governed: boolean;
  readonly error?: Error;
}
