// One request of the modern era to a server, and what its answer says; for commands that are clients themselves.
import { META } from '../protocol/modern/meta.ts';
import { MODERN_REVISION } from '../protocol/revisions.ts';
import type { JsonObject } from '../tool.ts';

/** A result, or the error in its place. */
export type McpAnswer =
  | { readonly ok: true; readonly result: JsonObject }
  | { readonly ok: false; readonly code: number; readonly message: string; readonly data?: JsonObject };

/** How far a call is. */
export interface Progress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

const ID = 1;

/**
 * The message of a request; commands send one at a time, so the id needs not differ. With `hearsProgress` its progress
 * is told in notifications.
 */
export function mcpRequest(
  method: string,
  params: JsonObject,
  { hearsProgress = false }: { readonly hearsProgress?: boolean } = {},
): JsonObject {
  const _meta = {
    [META.protocolVersion]: MODERN_REVISION,
    [META.clientCapabilities]: {},
    ...(hearsProgress ? { progressToken: ID } : {}),
  };
  return { jsonrpc: '2.0', id: ID, method, params: { ...params, _meta } };
}

/** Reads one message of a stream; undefined where it tells no progress. */
export function parseProgress(text: string): Progress | undefined {
  const message = parseJson(text);
  if (!isObject(message) || message.method !== 'notifications/progress' || !isObject(message.params))
    return undefined;
  const { progress, total, message: said } = message.params;
  if (typeof progress !== 'number') return undefined;
  return {
    progress,
    ...(typeof total === 'number' ? { total } : {}),
    ...(typeof said === 'string' ? { message: said } : {}),
  };
}

/** Reads the text of an answer: JSON, or an event stream whose last message is the answer. */
export function parseMcpAnswer(text: string): McpAnswer {
  const message = parseJson(text) ?? parseJson(lastEventData(text));
  if (isObject(message)) {
    if (isObject(message.result)) return { ok: true, result: message.result };
    if (isObject(message.error)) {
      const { code, message: reason, data } = message.error;
      return {
        ok: false,
        code: typeof code === 'number' ? code : 0,
        message: typeof reason === 'string' ? reason : 'The server gave no reason.',
        ...(isObject(data) ? { data } : {}),
      };
    }
  }
  return { ok: false, code: 0, message: 'The server did not answer with a message of the protocol.' };
}

/** Server-sent events of this protocol carry one line of JSON each. */
function lastEventData(text: string): string {
  const lines = text.split(/\r?\n/).filter((line) => line.startsWith('data:'));
  return lines.at(-1)?.slice('data:'.length) ?? '';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the caller says so.
    return undefined;
  }
}

/** A JSON object, and no list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
