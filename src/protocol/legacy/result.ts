// Results as the legacy revisions know them: what a revision has no word for is said in the words it has.
import type { JsonObject } from '../../tool.ts';
import { isObject } from '../messages.ts';

export interface LegacyResultEncoder {
  /** JSON of a result; that of a shared list page is made once. */
  encode(method: string, result: unknown, protocolVersion: string): string;
}

export function createLegacyResultEncoder(): LegacyResultEncoder {
  const pages = new WeakMap<JsonObject, string>();
  return {
    encode(method, result, protocolVersion) {
      if (!isObject(result)) return '{}';
      if (method === 'tools/call') return JSON.stringify(toolResult(result, protocolVersion));
      if (method === 'prompts/get') return JSON.stringify(promptResult(result, protocolVersion));
      if (!method.endsWith('/list')) return JSON.stringify(result);
      const known = pages.get(result);
      if (known !== undefined) return known;
      const json = JSON.stringify(method === 'tools/list' ? toolsPage(result) : result);
      pages.set(result, json);
      return json;
    },
  };
}

function toolResult(result: JsonObject, version: string): JsonObject {
  const { content, structuredContent } = result;
  const items = Array.isArray(content) ? contentFor(content, version) : content;
  // Structured content came with 2025-06-18 and had to be an object until 2026-07-28; the text says it too.
  const isKept = structuredContent === undefined || (version >= '2025-06-18' && isObject(structuredContent));
  if (items === content && isKept) return result;
  const { structuredContent: dropped, ...rest } = result;
  return isKept ? { ...result, content: items } : { ...rest, content: items };
}

function promptResult(result: JsonObject, version: string): JsonObject {
  const { messages } = result;
  if (!Array.isArray(messages) || version >= '2025-06-18') return result;
  return {
    ...result,
    messages: messages.map((message: JsonObject) => ({
      ...message,
      content: itemFor(message.content, version),
    })),
  };
}

/** An output schema had to be of type object until 2026-07-28. */
function toolsPage(page: JsonObject): JsonObject {
  if (!Array.isArray(page.tools)) return page;
  return { ...page, tools: page.tools.map(toolFor) };
}

function toolFor(tool: JsonObject): JsonObject {
  const { outputSchema, ...rest } = tool;
  return outputSchema === undefined || (isObject(outputSchema) && outputSchema.type === 'object')
    ? tool
    : rest;
}

/** The same array when nothing has to be changed, which is nearly always. */
function contentFor(content: readonly unknown[], version: string): readonly unknown[] {
  return version >= '2025-06-18' || content.every((item) => itemFor(item, version) === item)
    ? content
    : content.map((item) => itemFor(item, version));
}

function itemFor(item: unknown, version: string): unknown {
  if (!isObject(item)) return item;
  if (item.type === 'resource_link' && version < '2025-06-18') {
    const label = typeof item.name === 'string' ? `${item.name}: ` : '';
    return { type: 'text', text: `${label}${String(item.uri)}` };
  }
  if (item.type === 'audio' && version < '2025-03-26') {
    const { data, mimeType } = item;
    return { type: 'resource', resource: { uri: 'quayside://content/audio', mimeType, blob: data } };
  }
  return item;
}
