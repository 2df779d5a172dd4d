// Writes spans as log lines, for looking at traces without a collector (`ENABLE_CONSOLE_TRACING`).
import type { Log } from '../log.ts';
import type { SpanExporter } from './span.ts';

/** Each span is one line of level info. */
export function createConsoleExporter(log: Log): SpanExporter {
  return {
    add(span) {
      const { traceId, spanId, name, startedAt, endedAt, ...rest } = span;
      log.info(
        { trace_id: traceId, span_id: spanId, name, duration_ms: endedAt - startedAt, ...rest },
        'span',
      );
    },
    flush: () => FLUSHED,
    close: () => FLUSHED,
  };
}

/** The log has its own buffer and its own flush. */
const FLUSHED = Promise.resolve();
