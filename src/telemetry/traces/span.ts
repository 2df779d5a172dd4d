// One finished span as plain data. No id is made and no attribute is built unless it will be exported.
import type { SpanAttributes, SpanKind } from '../../call-trace.ts';

/** A span as it is exported. */
export interface FinishedSpan {
  readonly name: string;
  /** Default `server`. */
  readonly kind?: SpanKind;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly tracestate?: string;
  /** Milliseconds since 1970, with fractions. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: SpanAttributes;
  /** Present when the span is an error; the text may be empty. */
  readonly errorMessage?: string;
  /** Spans that belong to this one without being its parent. */
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

/** Where finished spans go. */
export interface SpanExporter {
  /** Never blocks; a full queue drops the span. */
  add(span: FinishedSpan): void;
  flush(): Promise<void>;
  close(): Promise<void>;
}
