// JSON-RPC 2.0 messages: what arrives is parsed here once, what leaves is written here.
import { QuaysideError } from '../errors.ts';
import type { JsonObject } from '../tool.ts';

/** As JSON-RPC has it, but never null (MCP, requests). */
export type RequestId = string | number;

/** Wants an answer. `params` is an empty object where none were given. */
export interface RpcRequest {
  readonly kind: 'request';
  readonly id: RequestId;
  readonly method: string;
  readonly params: JsonObject;
}

export interface RpcNotification {
  readonly kind: 'notification';
  readonly method: string;
  readonly params: JsonObject;
}

export interface RpcResponse {
  readonly kind: 'response';
  readonly id: RequestId;
  readonly result?: JsonObject;
  readonly error?: { readonly code: number; readonly message: string };
}

export interface RpcInvalid {
  readonly kind: 'invalid';
  readonly id: RequestId | undefined;
  readonly error: QuaysideError;
}

/** Whatever one message may be. */
export type RpcMessage = RpcRequest | RpcNotification | RpcResponse | RpcInvalid;

const NO_PARAMS: JsonObject = Object.freeze({});

/** Ids longer than this are refused: every answer and every stored event would carry them. */
const ID_LENGTH_MAX = 1024;

/** Parses one message; anything that is none comes back as `invalid` with the id it had, if any. */
export function parseMessage(value: unknown): RpcMessage {
  if (!isObject(value)) return invalid(undefined, 'A message must be a JSON object.');
  const { id, method, params } = value;
  if (value.jsonrpc !== '2.0') return invalid(id, '`jsonrpc` must be "2.0".');
  if (method === undefined) return parseResponse(value);
  if (typeof method !== 'string') return invalid(id, '`method` must be a string.');
  if (params !== undefined && !isObject(params)) return invalid(id, '`params` must be an object.');
  const given = params ?? NO_PARAMS;
  if (id === undefined) return { kind: 'notification', method, params: given };
  if (!isId(id)) return invalid(undefined, '`id` must be a string or an integer.');
  return { kind: 'request', id, method, params: given };
}

/** The id to answer with when only the body is known: undefined unless it is one request with a proper id. */
export function idOf(body: unknown): RequestId | undefined {
  if (!isObject(body) || typeof body.method !== 'string') return undefined;
  return isId(body.id) ? body.id : undefined;
}

/** A JSON object, as opposed to an array or null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A whole response; `result` is already JSON. */
export function resultMessage(id: RequestId, result: string): string {
  return `{"jsonrpc":"2.0","id":${idJson(id)},"result":${result}}`;
}

/** A whole notification. */
export function notificationMessage(method: string, params: JsonObject): string {
  return JSON.stringify({ jsonrpc: '2.0', method, params });
}

export function idJson(id: RequestId): string {
  return typeof id === 'number' ? String(id) : JSON.stringify(id);
}

function parseResponse(value: JsonObject): RpcMessage {
  const { id, result, error } = value;
  if (!isId(id))
    return invalid(undefined, 'A message needs a `method`, or an `id` with `result` or `error`.');
  if (isObject(error)) {
    const code = typeof error.code === 'number' ? error.code : 0;
    const message = typeof error.message === 'string' ? error.message : 'The client reported an error.';
    return { kind: 'response', id, error: { code, message } };
  }
  if (isObject(result)) return { kind: 'response', id, result };
  return invalid(id, 'A message needs a `method`, or an `id` with `result` or `error`.');
}

function isId(id: unknown): id is RequestId {
  if (typeof id === 'string') return id.length <= ID_LENGTH_MAX;
  return typeof id === 'number' && Number.isSafeInteger(id);
}

function invalid(id: unknown, message: string): RpcInvalid {
  return {
    kind: 'invalid',
    id: isId(id) ? id : undefined,
    error: new QuaysideError('invalid_request', { message }),
  };
}
