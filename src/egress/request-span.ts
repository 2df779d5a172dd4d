// The span of one request on behalf of a call (OpenTelemetry semantic conventions for HTTP, client spans). What follows
// a redirect is a request of its own, and so is each attempt.
import type { CallTrace, SpanAttributes, TraceContext } from '../call-trace.ts';
import { REDACTED } from '../telemetry/redaction/secret-patterns.ts';
import { toEgressError } from './egress-error.ts';
import type { HeaderFields } from './header-fields.ts';
import type { Hop } from './redirect.ts';
import type { Target } from './target.ts';

/** One request as it is about to be sent. */
export interface TracedHop {
  /** Undefined where nobody wants to know. */
  readonly trace: CallTrace | undefined;
  readonly hop: Hop;
  readonly target: Target;
  /** How often the same was sent before, for whatever reason. */
  readonly resends: number;
  /** Whether the target is told of its span: only the origin that the caller chose is, not where others send us. */
  readonly isTold: boolean;
}

/** Sends the request as a span: `send` gets the fields that go with it. */
export async function tracedHop<Response extends { readonly statusCode: number }>(
  traced: TracedHop,
  send: (headers: HeaderFields) => Promise<Response>,
): Promise<Response> {
  const { trace, hop, target, resends, isTold } = traced;
  if (trace === undefined) return send(hop.headers);
  const span = trace.begin({
    // Nothing else is of few values: paths hold arguments.
    name: hop.method,
    kind: 'client',
    attributes: {
      'http.request.method': hop.method,
      'server.address': target.hostname,
      'server.port': target.port,
      'url.full': withoutValues(target.url),
      ...(resends === 0 ? {} : { 'http.request.resend_count': resends }),
    },
  });
  try {
    const response = await send(isTold ? withContext(hop.headers, span.context) : hop.headers);
    span.end(endOf(response.statusCode));
    return response;
  } catch (error) {
    const { reason, message } = toEgressError(error);
    span.end({ attributes: { 'error.type': reason }, errorMessage: message });
    throw error;
  }
}

/** What a handler's author has written stands. The state means nothing without the parent that it belongs to. */
function withContext(headers: HeaderFields, context: TraceContext | undefined): HeaderFields {
  return context === undefined || headers.traceparent !== undefined ? headers : { ...headers, ...context };
}

/** To a client each status from 400 on is an error. */
function endOf(status: number): { readonly attributes: SpanAttributes; readonly errorMessage?: string } {
  const attributes = { 'http.response.status_code': status };
  if (status < 400) return { attributes };
  return { attributes: { ...attributes, 'error.type': String(status) }, errorMessage: '' };
}

/** The names in the query say what was asked; the values are arguments, keys and signatures. */
function withoutValues({ origin, pathname, search }: URL): string {
  if (search === '') return origin + pathname;
  const items = search
    .slice(1)
    .split('&')
    .map((item) => (item.includes('=') ? `${item.slice(0, item.indexOf('='))}=${REDACTED}` : REDACTED));
  return `${origin}${pathname}?${items.join('&')}`;
}
