// The span of one question to a model, over all its attempts (OpenTelemetry semantic conventions for generative AI,
// inference). What is asked and answered is in none of its attributes: it is the callers' own.
import type { SpanAttributes, TraceSpan } from '../call-trace.ts';
import type { Model } from '../definition/schema/definition.ts';
import type { ChatAnswer, ChatRequest } from './model.ts';
import { ModelError } from './model-error.ts';

export interface ModelSpanOptions {
  readonly model: Model;
  readonly provider: string;
  readonly hostname: string;
  readonly port: number;
}

/** Undefined where the call is not traced. */
export function beginModelSpan(
  { trace, temperature, maxTokens, format }: ChatRequest,
  { model, provider, hostname, port }: ModelSpanOptions,
): TraceSpan | undefined {
  return trace?.begin({
    name: `${OPERATION} ${model.model}`,
    kind: 'client',
    attributes: {
      'gen_ai.operation.name': OPERATION,
      'gen_ai.provider.name': provider,
      'gen_ai.request.model': model.model,
      'gen_ai.request.temperature': temperature ?? model.temperature,
      'gen_ai.request.max_tokens': maxTokens ?? model.maxTokens,
      'gen_ai.output.type': format === undefined ? 'text' : 'json',
      'server.address': hostname,
      'server.port': port,
    },
  });
}

/** Ends it with what the endpoint said of its answer. */
export function endModelSpan(span: TraceSpan, { finishReason, usage }: ChatAnswer): void {
  const attributes: SpanAttributes = {
    ...(finishReason === undefined ? {} : { 'gen_ai.response.finish_reasons': [finishReason] }),
    ...(usage === undefined
      ? {}
      : {
          'gen_ai.usage.input_tokens': usage.inputTokens,
          'gen_ai.usage.output_tokens': usage.outputTokens,
          'gen_ai.usage.cache_read.input_tokens': usage.cachedInputTokens,
        }),
  };
  span.end({ attributes });
}

/** Ends it as a failure: by its HTTP status where the endpoint answered one, else in the words of this part. */
export function failModelSpan(span: TraceSpan, error: unknown): void {
  const isKnown = error instanceof ModelError;
  const type = isKnown ? (error.status ?? error.failure) : 'error';
  span.end({ attributes: { 'error.type': String(type) }, errorMessage: isKnown ? error.message : '' });
}

const OPERATION = 'chat';
