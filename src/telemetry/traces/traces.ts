// Which calls become spans, decided when they are over (spec operations §3).
import type { FinishedSpan, SpanExporter } from './span.ts';
import {
  createSpanId,
  createTraceId,
  isSampled,
  parseTraceparent,
  parseTracestate,
} from './trace-context.ts';

/** A span that will be exported: its place in the trace. */
export interface SelectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}

/** What the caller sent about its own trace, unchecked. */
export interface CallerContext {
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** `traceparent` of the HTTP request, where the message itself named the parent: linked. */
  readonly httpTraceparent?: string;
}

/** What a span says beside its place in the trace. */
export type SpanDetails = Pick<
  FinishedSpan,
  'name' | 'startedAt' | 'endedAt' | 'attributes' | 'errorMessage'
>;

/** Which calls are kept as spans. */
export interface Traces {
  /** Calls longer than this many milliseconds are always kept. */
  readonly slowMs: number;
  /**
   * Decides on a call that is over; `due` says that it failed or was slow, which keeps it whatever was decided
   * before. Otherwise a parent's decision stands, and without a parent the trace id decides.
   */
  select(due: boolean, traceparent: string | undefined): SelectedSpan | undefined;
  record(span: SelectedSpan, details: SpanDetails, caller: CallerContext): void;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Where spans go and how many are kept. */
export interface TracesOptions {
  /** Undefined: nothing is exported, and nothing is ever selected. */
  readonly exporter: SpanExporter | undefined;
  /** Share of the traces without a parent that is kept, 0 to 1. */
  readonly ratio: number;
  /** Default 1000. */
  readonly slowMs?: number;
  /** From 0 up to 1; default Math.random. The uniqueness of ids does not rest on it. */
  readonly random?: () => number;
}

const SLOW_MS = 1000;

/** Decides and hands on; holds no span itself. */
export function createTraces(options: TracesOptions): Traces {
  const { exporter, ratio, slowMs = SLOW_MS, random = Math.random } = options;
  return {
    slowMs,
    select(due, traceparent) {
      if (exporter === undefined) return undefined;
      const parent = parseTraceparent(traceparent);
      if (parent !== undefined) {
        if (!due && !parent.sampled) return undefined;
        return { traceId: parent.traceId, spanId: createSpanId(), parentSpanId: parent.spanId };
      }
      const draw = random();
      if (!due && !isSampled(draw, ratio)) return undefined;
      return { traceId: createTraceId(draw), spanId: createSpanId() };
    },
    record(span, details, caller) {
      const tracestate = span.parentSpanId === undefined ? undefined : parseTracestate(caller.tracestate);
      const http = parseTraceparent(caller.httpTraceparent);
      const linked = http !== undefined && http.spanId !== span.parentSpanId;
      exporter?.add({
        ...span,
        ...details,
        links: linked ? [{ traceId: http.traceId, spanId: http.spanId }] : [],
        ...(tracestate === undefined ? {} : { tracestate }),
      });
    },
    async flush() {
      await exporter?.flush();
    },
    async close() {
      await exporter?.close();
    },
  };
}
