// The span of one request to an upstream (OpenTelemetry semantic conventions for MCP, client spans).

import type { SpanAttributes, TraceContext } from '../../call-trace.ts';
import { InputRequiredSignal } from '../../errors.ts';
import type { Call, JsonObject } from '../../tool.ts';
import type { Upstream } from '../../upstreams/upstream.ts';
import type { UpstreamCall } from '../../upstreams/upstream-call.ts';
import { UpstreamError } from '../../upstreams/upstream-error.ts';

/**
 * Sends one request as a span of its own: `send` tells the upstream of it, so that the upstream's spans lie below. The
 * caller's baggage is not passed on: nobody can tell what others have put into it.
 */
export async function traced(
  { trace }: Pick<Call, 'trace'>,
  { peer }: Pick<Upstream, 'peer'>,
  { method, params }: Pick<UpstreamCall, 'method' | 'params'>,
  send: (context: TraceContext | undefined) => Promise<JsonObject>,
): Promise<JsonObject> {
  if (trace === undefined) return send(undefined);
  const { target, attributes } = targetOf(method, params);
  const span = trace.begin({
    name: target === undefined ? method : `${method} ${target}`,
    kind: 'client',
    attributes: {
      'mcp.method.name': method,
      'quayside.upstream': peer.name,
      'network.transport': peer.transport,
      ...(peer.revision === undefined ? {} : { 'mcp.protocol.version': peer.revision }),
      ...(peer.address === undefined ? {} : { 'server.address': peer.address }),
      ...(peer.port === undefined ? {} : { 'server.port': peer.port }),
      ...attributes,
    },
  });
  try {
    const result = await send(span.context);
    if (result.isError === true) span.end({ attributes: { 'error.type': 'tool_error' }, errorMessage: '' });
    else span.end();
    return result;
  } catch (error) {
    span.end(failureOf(error));
    throw error;
  }
}

/** Addresses of resources are without bound, so they stand in no name. */
function targetOf(
  method: UpstreamCall['method'],
  params: JsonObject,
): { readonly target?: string; readonly attributes: SpanAttributes } {
  if (method === 'tools/call') {
    const tool = String(params.name);
    return {
      target: tool,
      attributes: { 'gen_ai.tool.name': tool, 'gen_ai.operation.name': 'execute_tool' },
    };
  }
  if (method === 'prompts/get')
    return { target: String(params.name), attributes: { 'gen_ai.prompt.name': String(params.name) } };
  return { attributes: method === 'resources/read' ? { 'mcp.resource.uri': String(params.uri) } : {} };
}

/** A question to the caller that ends the round is no failure. */
function failureOf(error: unknown): { readonly attributes?: SpanAttributes; readonly errorMessage?: string } {
  if (error instanceof InputRequiredSignal) return {};
  if (!(error instanceof UpstreamError)) {
    const type = error instanceof Error ? error.name : 'error';
    return { attributes: { 'error.type': type }, errorMessage: '' };
  }
  const { reason, code, message } = error;
  const attributes: SpanAttributes =
    reason === 'answered' && code !== undefined
      ? { 'error.type': String(code), 'rpc.response.status_code': String(code) }
      : { 'error.type': reason };
  return { attributes, errorMessage: message };
}
