// A question in the form of the chat completions API.
import type { Concession } from './concessions.ts';
import type { AnswerFormat, ChatMessage, ChatRequest, MessagePart } from './model.ts';

/** The JSON body; what `conceded` names is left out or said otherwise. */
export function toRequestBody(
  request: ChatRequest,
  defaults: { readonly model: string; readonly temperature: number; readonly maxTokens: number },
  conceded: ReadonlySet<Concession>,
): string {
  const { format } = request;
  const streams = !conceded.has('stream');
  const limit = request.maxTokens ?? defaults.maxTokens;
  return JSON.stringify({
    model: defaults.model,
    messages: request.messages.map(toMessage),
    ...(conceded.has('temperature') ? {} : { temperature: request.temperature ?? defaults.temperature }),
    ...(conceded.has('max_tokens') ? { max_completion_tokens: limit } : { max_tokens: limit }),
    ...(format === undefined ? {} : { response_format: toResponseFormat(format) }),
    ...(streams ? { stream: true } : {}),
    // Without it a stream ends without a count of tokens.
    ...(streams && !conceded.has('stream_options') ? { stream_options: { include_usage: true } } : {}),
  });
}

function toMessage({ role, content }: ChatMessage) {
  return { role, content: typeof content === 'string' ? content : content.map(toPart) };
}

function toPart(part: MessagePart) {
  return part.type === 'text' ? part : { type: 'image_url', image_url: { url: part.url } };
}

function toResponseFormat(format: AnswerFormat) {
  if (format.type === 'json_object') return { type: 'json_object' };
  const { name, schema } = format;
  return { type: 'json_schema', json_schema: { name, schema, strict: isStrict(schema) } };
}

/** Strict decoding takes only schemas whose objects are closed and require all that they list. */
function isStrict(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(isStrict);
  if (typeof schema !== 'object' || schema === null) return true;
  if ('properties' in schema && typeof schema.properties === 'object' && schema.properties !== null) {
    const required: unknown = 'required' in schema ? schema.required : [];
    const names = Object.keys(schema.properties);
    if (!('additionalProperties' in schema) || schema.additionalProperties !== false) return false;
    if (!Array.isArray(required) || names.some((name) => !required.includes(name))) return false;
  }
  return Object.values(schema).every(isStrict);
}
