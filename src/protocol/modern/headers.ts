// Headers that mirror the body, and must agree with it (MCP 2026-07-28, streamable HTTP: server validation).
import type { IncomingHttpHeaders } from 'node:http';
import type { HeaderParameter } from '../../definition/header-parameters.ts';
import { QuaysideError } from '../../errors.ts';
import type { ServerPlan } from '../../plan/server-plan.ts';
import type { JsonObject } from '../../tool.ts';
import { isObject } from '../messages.ts';

/** Which parameter `Mcp-Name` mirrors. */
const NAME_SOURCES: Readonly<Record<string, 'name' | 'uri' | 'taskId'>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  // Tasks extension, routing headers.
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

const SENTINEL_START = '=?base64?';
const SENTINEL_END = '?=';
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const SAFE_VALUE = /^[\t\x20-\x7e]*$/;
const DECIMAL = /^-?\d{1,20}(?:\.\d{1,20})?$/;

/** Throws `header_mismatch`. `Mcp-Session-Id` and `Last-Event-ID` are not looked at: the revision has neither. */
export function checkHeaders(
  headers: IncomingHttpHeaders,
  method: string,
  params: JsonObject,
  server: ServerPlan,
): void {
  const given = headers['mcp-method'];
  if (given !== method) throw mismatch('Mcp-Method', given, method);
  const source = NAME_SOURCES[method];
  if (source === undefined) return;
  const name = params[source];
  // A wrong type is the body's fault and is answered as such later.
  if (typeof name !== 'string') return;
  const header = headers['mcp-name'];
  if (header !== name || header.startsWith(SENTINEL_START)) {
    if (decodeHeader('Mcp-Name', single(header)) !== name) throw mismatch('Mcp-Name', single(header), name);
  }
  if (method === 'tools/call')
    checkParameters(headers, params.arguments, server.tools.get(name)?.headerParameters);
}

/** The text that a header carries. Undefined when the header is absent; throws when it is malformed. */
export function decodeHeader(header: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (!SAFE_VALUE.test(value)) throw malformed(header);
  if (!value.startsWith(SENTINEL_START) || !value.endsWith(SENTINEL_END)) return value;
  const base64 = value.slice(SENTINEL_START.length, -SENTINEL_END.length);
  if (value.length < SENTINEL_START.length + SENTINEL_END.length || !BASE64.test(base64))
    throw malformed(header);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(base64, 'base64'));
  } catch (cause) {
    throw malformed(header, cause);
  }
}

function checkParameters(
  headers: IncomingHttpHeaders,
  args: unknown,
  parameters: readonly HeaderParameter[] | undefined,
): void {
  if (parameters === undefined) return;
  for (const { header, path } of parameters) {
    const value = valueAt(args, path);
    const text = decodeHeader(header, single(headers[header]));
    if (value === undefined || value === null) {
      // A proxy may have decided by this header: a value that the body does not confirm is refused.
      if (text !== undefined) throw mismatch(header, text, undefined);
    } else if (text === undefined || !isSame(text, value)) {
      throw mismatch(header, text, String(value));
    }
  }
}

function valueAt(args: unknown, path: readonly string[]): unknown {
  let value = args;
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** Numbers compare as numbers: `42.0` is 42. */
function isSame(text: string, value: unknown): boolean {
  if (typeof value === 'number') return DECIMAL.test(text) && Number(text) === value;
  return String(value) === text;
}

/** A header sent twice has no one value, and so none that could agree with the body. */
function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

function mismatch(header: string, given: unknown, expected: string | undefined): QuaysideError {
  const message =
    given === undefined
      ? `Header mismatch: the ${header} header is required.`
      : `Header mismatch: the ${header} header differs from the body.`;
  return new QuaysideError('header_mismatch', {
    message,
    data: { header, ...(expected === undefined ? {} : { body: expected.slice(0, 200) }) },
  });
}

function malformed(header: string, cause?: unknown): QuaysideError {
  return new QuaysideError('header_mismatch', {
    message: `Header mismatch: the ${header} header has invalid characters or an invalid base64 value.`,
    data: { header },
    cause,
  });
}
