// The place of a call in a trace, as those see it who speak to others on its behalf. Shapes only, no behaviour.

/** What a caller sent about its own trace, unchecked. */
export interface CallerContext {
  /** W3C trace context, if any. */
  readonly traceparent?: string;
  /** Vendor data that belongs to `traceparent`. */
  readonly tracestate?: string;
  /** `traceparent` of the HTTP request where `_meta` named another parent: linked, not the parent. */
  readonly httpTraceparent?: string;
}

/** The place of a call in its trace. */
export interface CallTrace {
  /** Begins a span below that of the call. It is exported when the call's own is, so it costs little where none is. */
  begin(span: {
    readonly name: string;
    readonly kind: SpanKind;
    readonly attributes: SpanAttributes;
  }): TraceSpan;
}

/** A span that has begun. */
export interface TraceSpan {
  /** What its peer is told; undefined where there is no trace to take part in. */
  readonly context: TraceContext | undefined;
  /** `errorMessage`: present when it failed; may be empty. Secrets are taken out. */
  end(more?: { readonly attributes?: SpanAttributes; readonly errorMessage?: string }): void;
}

/** W3C Trace Context as it travels in headers and in `_meta` (SEP-414). */
export interface TraceContext {
  readonly traceparent: string;
  /** Vendor data that belongs to `traceparent`. */
  readonly tracestate?: string;
}

/** Who a span is to its peer (OpenTelemetry SpanKind). */
export type SpanKind = 'server' | 'client';

/** Values that OTLP knows. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | readonly string[]>>;
