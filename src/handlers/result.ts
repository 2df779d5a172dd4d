// What a handler returned, as a tool result (spec servers §3.3), and a handler's failure as one (§3.4).
import { HandlerError } from '../errors.ts';
import type { ContentItem, JsonObject, ToolResult } from '../tool.ts';

/**
 * Normalises what author code returned: an object with `content[]` of typed items is a result already; a string,
 * number or boolean becomes one text; any other object or array JSON text plus `structuredContent`;
 * null and undefined no content. `metadata` becomes `_meta`, `errors` `_meta.errors`.
 * `structuredContent` holds arrays as they are; the codec of an era that admits only objects leaves those out.
 * Throws HandlerError HANDLER_OUTPUT_ERROR for what JSON or MCP cannot express.
 */
export function toToolResult(value: unknown): ToolResult {
  if (value === null || value === undefined) return { content: [] };
  if (isRecord(value) && isContentList(value.content)) return fromResultForm(value, value.content);
  if (typeof value !== 'object') return { content: [toText(value)] };
  if (value instanceof Uint8Array) return toBinaryResult(value, 'application/octet-stream');
  const text = stringify(value);
  // Parsed back: dates, maps and getters of author code must not reach a schema check or a cache as they are.
  return { content: [{ type: 'text', text }], structuredContent: parseOwnJson(text) };
}

/**
 * A value that came from JSON or a database as a result. Never read as a result form, so that foreign data
 * with a `content` list cannot pose as one.
 */
export function toDataResult(value: unknown): ToolResult {
  if (value === null || value === undefined) return { content: [] };
  if (typeof value !== 'object') return { content: [toText(value)] };
  return { content: [{ type: 'text', text: stringify(value) }], structuredContent: value };
}

/** Bytes as one embedded blob resource. */
export function toBinaryResult(data: Uint8Array, mimeType: string): ToolResult {
  return { content: [toBlobResource(Buffer.from(data).toString('base64'), mimeType, 0)] };
}

/** A handler's failure as the tool result that reports it; `cause` and stack stay behind. */
export function toErrorResult(error: HandlerError): ToolResult {
  return {
    isError: true,
    content: [{ type: 'text', text: `Handler Error (${error.code}): ${error.message}` }],
    _meta: {
      error: {
        type: 'handler',
        code: error.code,
        message: error.message,
        ...(error.details === undefined ? {} : { details: error.details }),
      },
    },
  };
}

/** Content items that came from outside. Throws HandlerError HANDLER_OUTPUT_ERROR for one that MCP does not know. */
export function parseContentItems(items: unknown): readonly ContentItem[] {
  if (!isContentList(items)) throw outputError('content is not a list of typed items');
  return items.map(toContentItem);
}

type TypedItem = JsonObject & { readonly type: string };

function isRecord(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Only typed items make a result form: `{content: [{id: 1}]}` is somebody's page of rows. */
function isContentList(value: unknown): value is readonly TypedItem[] {
  return Array.isArray(value) && value.every((item) => isRecord(item) && typeof item.type === 'string');
}

function fromResultForm(value: JsonObject, items: readonly TypedItem[]): ToolResult {
  const content = items.map(toContentItem);
  const meta = toMeta(value);
  const { structuredContent } = value;
  return {
    content,
    ...(structuredContent === undefined
      ? {}
      : { structuredContent: parseOwnJson(stringify(structuredContent)) }),
    ...(typeof value.isError === 'boolean' ? { isError: value.isError } : {}),
    ...(meta === undefined ? {} : { _meta: meta }),
  };
}

function toMeta(value: JsonObject): JsonObject | undefined {
  const { metadata, errors } = value;
  if (metadata !== undefined && !isRecord(metadata)) throw outputError('metadata is not an object');
  if (errors !== undefined && !Array.isArray(errors)) throw outputError('errors is not an array');
  const own = isRecord(value._meta) ? value._meta : {};
  const meta = { ...own, ...metadata, ...(errors === undefined || errors.length === 0 ? {} : { errors }) };
  if (Object.keys(meta).length === 0) return undefined;
  const parsed = parseOwnJson(stringify(meta));
  return isRecord(parsed) ? parsed : undefined;
}

/** Fields that an item of each type must have as strings (MCP 2026-07-28, ContentBlock). */
const STRING_FIELDS: Readonly<Record<string, readonly string[]>> = {
  text: ['text'],
  image: ['data', 'mimeType'],
  audio: ['data', 'mimeType'],
  resource_link: ['uri', 'name'],
  resource: [],
};

function toContentItem(item: TypedItem, index: number): ContentItem {
  if (item.type === 'binary') return fromBinaryItem(item, index);
  const fields = Object.hasOwn(STRING_FIELDS, item.type) ? STRING_FIELDS[item.type] : undefined;
  if (fields === undefined) {
    throw outputError(
      `content[${index}].type ${JSON.stringify(item.type)} is none of text, image, audio, resource, resource_link, binary`,
    );
  }
  for (const field of fields) {
    if (typeof item[field] !== 'string') throw outputError(`content[${index}].${field} is not a string`);
  }
  if (item.type === 'resource') assertResource(item.resource, index);
  return item;
}

function assertResource(resource: unknown, index: number): void {
  const hasContent =
    isRecord(resource) && (typeof resource.text === 'string' || typeof resource.blob === 'string');
  if (!hasContent || typeof resource.uri !== 'string') {
    throw outputError(`content[${index}].resource needs a uri and either text or blob`);
  }
}

function fromBinaryItem(item: TypedItem, index: number): ContentItem {
  const { data, mimeType } = item;
  if (typeof mimeType !== 'string') throw outputError(`content[${index}].mimeType is not a string`);
  if (data instanceof Uint8Array) {
    return toBlobResource(Buffer.from(data).toString('base64'), mimeType, index);
  }
  if (typeof data !== 'string' || !BASE64.test(data)) {
    throw outputError(`content[${index}].data is neither bytes nor base64 text`);
  }
  return toBlobResource(data, mimeType, index);
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** MCP demands a URI of an embedded resource; this one names a place in the result and can be read nowhere. */
function toBlobResource(blob: string, mimeType: string, index: number): ContentItem {
  return { type: 'resource', resource: { uri: `result:///content/${index}`, mimeType, blob } };
}

function toText(value: unknown): ContentItem {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return { type: 'text', text: String(value) };
  }
  throw outputError(`a ${typeof value} cannot be sent`);
}

function stringify(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value, null, 2);
  } catch (error) {
    throw new HandlerError('HANDLER_OUTPUT_ERROR', 'The result cannot be written as JSON.', { cause: error });
  }
  if (text === undefined) throw outputError('the value has no JSON form');
  return text;
}

function parseOwnJson(text: string): unknown {
  return JSON.parse(text);
}

function outputError(problem: string): HandlerError {
  return new HandlerError('HANDLER_OUTPUT_ERROR', `The result is not valid: ${problem}.`);
}
