// What a transport hands a codec with each message, and what it gets back.
import type { IncomingHttpHeaders } from 'node:http';
import type { Principal } from '../tool.ts';

/** Tells when the client gave up. */
export interface Cancellation {
  /** Called at most once; at once when the client already gave up. */
  onCancel(listener: () => void): void;
}

/**
 * One request of an admitted caller. `streaming` says whether the client can read messages before the answer:
 * `stream` it named text/event-stream (or speaks stdio), `maybe` it accepts anything, `no` it cannot.
 */
export interface RequestContext extends Cancellation {
  readonly principal: Principal;
  /** See `Operation.onBehalfOf`. */
  readonly onBehalfOf?: string | undefined;
  readonly clientAddress: string;
  readonly requestId: string;
  /** `performance.now()` at the first byte. */
  readonly startedAt: number;
  readonly answerHeaders: Record<string, string>;
  /** Undefined on transports without headers. */
  readonly headers: IncomingHttpHeaders | undefined;
  readonly streaming: 'stream' | 'maybe' | 'no';
  /** Sends a whole JSON-RPC message ahead of the answer; dropped when `streaming` is `no`. */
  send(message: string): void;
  /** Set once the gate has taken the request: it then writes the log line. */
  governed: boolean;
  /** The plan is no longer needed: for requests that stay open after their work is done. */
  release(): void;
  /** The gate has let a tool call in: the moment to begin a stream for callers who want one from the start. */
  begin?(): void;
  /** Ends the current HTTP response without an answer, which a legacy client then fetches by resuming. */
  closeStream(): void;
}

/** What goes back for one message. No body: an acknowledged notification. */
export interface Answer {
  readonly status: number;
  readonly body: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Nothing is said to a client that cancelled (MCP, cancellation); HTTP shows 499 in the log only. */
export const CANCELLED_STATUS = 499;
