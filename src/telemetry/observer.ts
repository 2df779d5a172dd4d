// What telemetry offers the parts that do work: one observer per call target, one function per other fact.
import type { CallTrace } from '../call-trace.ts';
import type { Operation, OperationKind, Outcome } from '../tool.ts';

/** What a call is aimed at; known when the plan is built. */
export interface ObservedTarget {
  /** Slug of the server; the path of the log line and the endpoint label are made of it. */
  readonly slug: string;
  readonly kind: OperationKind;
  /** Canonical tool name, prompt name, resource URI, list method, or route template. */
  readonly name: string;
}

/** Feeds metrics, the log line and the span of one target. Its cells are bound once, when the plan is built. */
export interface CallObserver {
  /** What the call takes its spans and contexts from; undefined where it has no part in any trace. */
  started(operation: Operation): CallTrace | undefined;
  /** Once per operation, when nothing can change its outcome any more. Never throws, never waits. */
  finished(operation: Operation, outcome: Outcome): void;
}

/** One question to a model. */
export interface ModelCall {
  /** Of the OpenTelemetry conventions where they have one for the endpoint, else its host. */
  readonly provider: string;
  readonly model: string;
  readonly seconds: number;
  /** Absent where the endpoint does not count. */
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number } | undefined;
  /** Absent where the operator has configured no prices. */
  readonly cost?: { readonly amount: number; readonly currency: string } | undefined;
}

/** One JSON-RPC message or one REST request, when its answer is out. */
export interface RequestObservation {
  readonly transport: 'http' | 'stdio' | 'sse';
  /** JSON-RPC method of a message, HTTP method of a REST request. */
  readonly method: string;
  /** Route template such as `/mcp/:slug` or `/health`, `unmatched` where no route fits, `stdio` there. */
  readonly route: string;
  /** HTTP status; of a message over stdio the status that HTTP would have given. */
  readonly status: number;
  /** From the first byte handled to the last byte sent; of a stream to its first byte. */
  readonly seconds: number;
  /** Present when no operation wrote a line for this request: refusals, REST, pings, notifications. */
  readonly line?: RequestLine;
}

/** What the log line of a request says beside its observation. */
export interface RequestLine {
  readonly requestId: string;
  /** Path without the query; redacted and escaped before it is written. */
  readonly path: string;
  readonly clientAddress: string;
  readonly principal?: string;
  readonly tenantId?: string;
  readonly error?: Error;
}
