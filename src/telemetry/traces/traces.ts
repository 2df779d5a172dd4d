// Which calls become spans, decided when they are over (spec operations §3).
import type { CallerContext } from '../../call-trace.ts';
import type { FinishedSpan, SpanExporter } from './span.ts';
import {
  createSpanId,
  createTraceId,
  isSampled,
  parseTraceparent,
  parseTracestate,
  type TraceParent,
} from './trace-context.ts';

/** The place of a span in its trace. */
export interface SelectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}

/** A place that was taken before it is known whether the span will be exported. */
export interface PlacedSpan extends SelectedSpan {
  /** Whether it is exported even where nothing goes wrong. */
  readonly sampled: boolean;
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
  /** Whether spans go anywhere at all. */
  readonly isExporting: boolean;
  /**
   * Decides on a call that is over; `due` says that it failed or was slow, which keeps it whatever was decided
   * before. Otherwise a parent's decision stands, and without a parent the trace id decides.
   */
  select(due: boolean, traceparent: string | undefined): SelectedSpan | undefined;
  /** Takes the place of a call whose peers have to know it while it runs. Undefined where nothing is exported. */
  place(traceparent: string | undefined): PlacedSpan | undefined;
  /** A span below another that is exported. */
  add(span: FinishedSpan): void;
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
    isExporting: exporter !== undefined,
    select(due, traceparent) {
      if (exporter === undefined) return undefined;
      const parent = parseTraceparent(traceparent);
      if (parent !== undefined) return due || parent.sampled ? below(parent) : undefined;
      const draw = random();
      if (!due && !isSampled(draw, ratio)) return undefined;
      return { traceId: createTraceId(draw), spanId: createSpanId() };
    },
    place(traceparent) {
      if (exporter === undefined) return undefined;
      const parent = parseTraceparent(traceparent);
      if (parent !== undefined) return { ...below(parent), sampled: parent.sampled };
      const draw = random();
      return { traceId: createTraceId(draw), spanId: createSpanId(), sampled: isSampled(draw, ratio) };
    },
    add: (span) => exporter?.add(span),
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

function below({ traceId, spanId }: TraceParent): SelectedSpan {
  return { traceId, spanId: createSpanId(), parentSpanId: spanId };
}
