// Headers that mirror the body of a modern request (MCP 2026-07-28, streamable HTTP: standard and custom headers).
import type { HeaderParameter } from '../../definition/header-parameters.ts';
import type { JsonObject } from '../../tool.ts';
import { isObject } from '../json-object.ts';

/** Which parameter `Mcp-Name` mirrors. */
const NAME_SOURCES: Readonly<Record<string, 'name' | 'uri'>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
};

/** `parameters`: those that the tool's own schema asks for. */
export function mirrorHeaders(
  method: string,
  params: JsonObject,
  parameters: readonly HeaderParameter[],
): Record<string, string> {
  const headers: Record<string, string> = { 'mcp-method': method };
  const source = NAME_SOURCES[method];
  const name = source === undefined ? undefined : params[source];
  if (typeof name === 'string') headers['mcp-name'] = encodeHeader(name);
  for (const { header, path } of parameters) {
    const value = valueAt(params.arguments, path);
    const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    if (isPlain) headers[header] = encodeHeader(String(value));
  }
  return headers;
}

/** What a header cannot carry as it is, travels as base64 between the sentinels. */
function encodeHeader(text: string): string {
  const isSafe = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !text.startsWith('=?base64?');
  return isSafe ? text : `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`;
}

function valueAt(args: unknown, path: readonly string[]): unknown {
  let value = args;
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}
