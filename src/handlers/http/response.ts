// What an HTTP response is to the model (spec servers §3.6): JSON a value, text a string, the rest bytes.
import { TextDecoder } from 'node:util';
import type { EgressResponse } from '../../egress/egress.ts';
import { HandlerError } from '../../errors.ts';
import type { ToolResult } from '../../tool.ts';
import { toBinaryResult, toDataResult } from '../result.ts';

/** Fields of a HEAD response worth reporting; it has no other content. */
const HEAD_FIELDS = ['content-type', 'content-length', 'etag', 'last-modified', 'location'] as const;

/** Throws HandlerError HANDLER_NETWORK_ERROR when a JSON response is no JSON. */
export function toResult(method: string, response: EgressResponse): ToolResult {
  const read = readBody(method, response);
  return 'bytes' in read ? toBinaryResult(read.bytes, read.mediaType) : toDataResult(read.value);
}

/** The same for code: a value or text; bytes as base64 text. Throws as {@link toResult} does. */
export function codeValue(method: string, response: EgressResponse): unknown {
  const read = readBody(method, response);
  return 'bytes' in read ? read.bytes.toString('base64') : (read.value ?? null);
}

type ReadBody = { readonly value: unknown } | { readonly bytes: Buffer; readonly mediaType: string };

function readBody(method: string, response: EgressResponse): ReadBody {
  const { body } = response;
  if (method === 'HEAD') return { value: describeHead(response) };
  if (body.length === 0) return { value: undefined };
  const { mediaType, charset } = parseContentType(response.headers['content-type']);
  if (isJson(mediaType)) return { value: parseJson(decode(body, 'utf-8')) };
  if (mediaType === '') return readUntyped(body);
  return isText(mediaType) ? { value: decode(body, charset) } : { bytes: body, mediaType };
}

/** Bytes of an unexpected response that its error repeats. */
const EXCERPT_BYTES = 1024;

/** The start of the body as text, for the details of an error; not yet redacted. */
export function excerptOf(response: EgressResponse): string {
  const { mediaType, charset } = parseContentType(response.headers['content-type']);
  if (!isJson(mediaType) && !isText(mediaType) && mediaType !== '') return '';
  // A cut character at the end decodes to U+FFFD, which says nothing.
  return decode(response.body.subarray(0, EXCERPT_BYTES), charset).replace(/\uFFFD+$/, '');
}

function describeHead(response: EgressResponse): Readonly<Record<string, unknown>> {
  const headers: Record<string, string> = {};
  for (const name of HEAD_FIELDS) {
    const value = response.headers[name];
    if (value !== undefined) headers[name] = value;
  }
  return { status: response.status, headers };
}

function parseContentType(value: string | undefined): {
  readonly mediaType: string;
  readonly charset: string;
} {
  const [type = '', ...parameters] = (value ?? '').split(';');
  const charset = parameters
    .map((parameter) => /^\s*charset\s*=\s*"?([\w-]+)"?\s*$/i.exec(parameter)?.[1])
    .find((name) => name !== undefined);
  return { mediaType: type.trim().toLowerCase(), charset: charset ?? 'utf-8' };
}

function isJson(mediaType: string): boolean {
  return mediaType === 'application/json' || mediaType === 'text/json' || mediaType.endsWith('+json');
}

const TEXT_TYPES: ReadonlySet<string> = new Set([
  'application/xml',
  'application/javascript',
  'application/ecmascript',
  'application/yaml',
  'application/x-yaml',
  'application/toml',
  'application/sql',
  'application/graphql',
  'application/x-ndjson',
  'application/x-www-form-urlencoded',
]);

function isText(mediaType: string): boolean {
  return mediaType.startsWith('text/') || mediaType.endsWith('+xml') || TEXT_TYPES.has(mediaType);
}

function decode(bytes: Uint8Array, charset: string): string {
  return decoderFor(charset).decode(bytes);
}

function decoderFor(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset);
  } catch {
    // An unknown label is the server's mistake; UTF-8 reads the ASCII part of whatever was meant.
    return new TextDecoder();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new HandlerError('HANDLER_NETWORK_ERROR', 'The service answered with invalid JSON.', {
      cause: error,
    });
  }
}

/** Without a content type: text if it is UTF-8, else bytes. */
function readUntyped(body: Buffer): ReadBody {
  try {
    return { value: new TextDecoder('utf-8', { fatal: true }).decode(body) };
  } catch {
    // Not UTF-8, so not text.
    return { bytes: body, mediaType: 'application/octet-stream' };
  }
}
