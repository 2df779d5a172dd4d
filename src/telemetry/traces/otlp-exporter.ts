// Sends spans by OTLP/HTTP with the OpenTelemetry SDK's batching. Loaded only where an endpoint is set.
import type { SpanContext } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, SpanExporter as SdkExporter } from '@opentelemetry/sdk-trace';
import type { Log } from '../log.ts';
import type { FinishedSpan, SpanExporter } from './span.ts';

/** The collector and what the resource says of us. */
export interface OtlpExporterOptions {
  /** Full address of the traces endpoint; undefined leaves it to `OTEL_EXPORTER_OTLP_*`. */
  readonly url: string | undefined;
  readonly serviceName: string;
  readonly serviceVersion: string;
  readonly environment: string;
  readonly log: Log;
}

/** Spans waiting while the SDK is loaded; as many as its own queue holds. */
const WAITING_MAX = 2048;
/** A collector that is away is told of once in this time, not once per batch. */
const COMPLAINT_MS = 60_000;
/** How long the end of the process may wait for the last batch. */
const CLOSE_MS = 3000;

interface Loaded {
  add(span: FinishedSpan): void;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Starts loading the SDK at once and queues what arrives before it is there. */
export function createOtlpExporter(options: OtlpExporterOptions): SpanExporter {
  let waiting: FinishedSpan[] = [];
  let loaded: Loaded | undefined;
  const loading = loadSdk(options).then(
    (sdk) => {
      loaded = sdk;
      for (const span of waiting) sdk.add(span);
      waiting = [];
    },
    (error: unknown) =>
      options.log.error({ error }, 'The trace exporter could not be loaded; traces are off.'),
  );
  return {
    add(span) {
      if (loaded !== undefined) loaded.add(span);
      else if (waiting.length < WAITING_MAX) waiting.push(span);
    },
    async flush() {
      await loading;
      await within(CLOSE_MS, loaded?.flush());
    },
    async close() {
      await loading;
      await within(CLOSE_MS, loaded?.close());
    },
  };
}

async function loadSdk(options: OtlpExporterOptions): Promise<Loaded> {
  const [api, { OTLPTraceExporter }, { BatchSpanProcessor }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/resources'),
  ]);
  const resource = resourceFromAttributes({
    'service.name': options.serviceName,
    'service.version': options.serviceVersion,
    'deployment.environment.name': options.environment,
  });
  const exporter = new OTLPTraceExporter(options.url === undefined ? {} : { url: options.url });
  const processor = new BatchSpanProcessor({ exporter: withComplaints(exporter, options.log) });
  return {
    add: (span) => processor.onEnd(toReadableSpan(span, resource, api)),
    flush: () => processor.forceFlush(),
    close: () => processor.shutdown(),
  };
}

/** Says in the log that spans are being lost; the SDK would only tell its own diagnostics. */
function withComplaints(exporter: SdkExporter, log: Log): SdkExporter {
  let complainedAt = Number.NEGATIVE_INFINITY;
  return {
    shutdown: () => exporter.shutdown(),
    export(spans, done) {
      exporter.export(spans, (result) => {
        const now = performance.now();
        if (result.error !== undefined && now - complainedAt > COMPLAINT_MS) {
          complainedAt = now;
          log.warn({ error: result.error, spans: spans.length }, 'Spans could not be exported.');
        }
        done(result);
      });
    },
  };
}

type Api = typeof import('@opentelemetry/api');

function toReadableSpan(span: FinishedSpan, resource: Resource, api: Api): ReadableSpan {
  const context: SpanContext = {
    traceId: span.traceId,
    spanId: span.spanId,
    traceFlags: api.TraceFlags.SAMPLED,
    ...(span.tracestate === undefined ? {} : { traceState: api.createTraceState(span.tracestate) }),
  };
  const remote = { traceFlags: api.TraceFlags.SAMPLED, isRemote: true };
  return {
    name: span.name,
    kind: span.kind === 'client' ? api.SpanKind.CLIENT : api.SpanKind.SERVER,
    spanContext: () => context,
    ...(span.parentSpanId === undefined
      ? {}
      : { parentSpanContext: { traceId: span.traceId, spanId: span.parentSpanId, ...remote } }),
    startTime: toHrTime(span.startedAt),
    endTime: toHrTime(span.endedAt),
    duration: toHrTime(span.endedAt - span.startedAt),
    status:
      span.errorMessage === undefined
        ? { code: api.SpanStatusCode.UNSET }
        : { code: api.SpanStatusCode.ERROR, message: span.errorMessage },
    attributes: toAttributes(span.attributes),
    links: span.links.map((link) => ({ context: { ...link, ...remote } })),
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: 'quayside' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** The SDK's type wants lists that can be written to. */
function toAttributes(attributes: FinishedSpan['attributes']): ReadableSpan['attributes'] {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, typeof value === 'object' ? [...value] : value]),
  );
}

/** Seconds and nanoseconds. */
function toHrTime(milliseconds: number): [number, number] {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)];
}

/** Waits for `work`, yet not longer; what it does not manage is lost, and the log has said so. */
async function within(milliseconds: number, work: Promise<void> | undefined): Promise<void> {
  if (work === undefined) return;
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work.catch(() => undefined), deadline]);
  clearTimeout(timer);
}
