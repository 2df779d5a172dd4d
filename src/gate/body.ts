// Stage 3: reads the body within its limit and parses it as JSON.
import { isUtf8 } from 'node:buffer';
import { sizeBytes } from '../definition/size.ts';
import { QuaysideError } from '../errors.ts';
import type { Exchange, RequestStage } from './stage.ts';

const BODILESS_METHODS = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

/**
 * Levels of objects and arrays in a body. Far more than any request needs; a million of them make JSON.parse hold
 * the process for a third of a second, ten times as long as flat text of that size.
 */
const NESTING_MAX = 1000;

/**
 * Provides `exchange.body`. Refuses with `body_too_large`, `request_timeout`, `unsupported_media_type` or
 * `parse_error`, and with `invalid_request` what is nested too deeply. A POST without Content-Type is read as JSON: curl users forget it, and nothing else is accepted.
 */
export const bodyStage: RequestStage = {
  name: 'body',
  prepare(server) {
    const maxBytes = sizeBytes(server.definition.limits.maxRequestSize);
    return {
      name: 'body',
      async enter(exchange) {
        if (exchange.transport === 'stdio' || BODILESS_METHODS.has(exchange.method)) return undefined;
        const type = exchange.headers['content-type'];
        if (type !== undefined && !isJsonType(type)) return new QuaysideError('unsupported_media_type');
        if (isEncoded(exchange.headers['content-encoding'])) return encodingRefusal();
        const bytes = await readOrRefuse(exchange, maxBytes);
        if (bytes instanceof QuaysideError) return bytes;
        if (bytes.length === 0 && exchange.method !== 'POST') return undefined;
        if (!isUtf8(bytes))
          return new QuaysideError('parse_error', { message: 'The body is not valid UTF-8.' });
        if (isTooDeep(bytes)) {
          return new QuaysideError('invalid_request', {
            message: `The body is nested more than ${NESTING_MAX} levels deep.`,
          });
        }
        try {
          exchange.body = JSON.parse(bytes.toString('utf8'));
        } catch (cause) {
          return new QuaysideError('parse_error', { cause });
        }
        return undefined;
      },
    };
  },
};

async function readOrRefuse(exchange: Exchange, maxBytes: number): Promise<Buffer | QuaysideError> {
  try {
    return await exchange.readBody(maxBytes);
  } catch (error) {
    if (error instanceof QuaysideError) return error;
    throw error;
  }
}

function isJsonType(contentType: string): boolean {
  if (contentType === 'application/json') return true;
  const type = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  return type === 'application/json' || type.endsWith('+json');
}

function isEncoded(contentEncoding: string | undefined): boolean {
  return contentEncoding !== undefined && contentEncoding.trim().toLowerCase() !== 'identity';
}

/** RFC 9110 §15.5.16: the answer says which encodings are accepted. */
function encodingRefusal(): QuaysideError {
  return new QuaysideError('unsupported_media_type', {
    message: 'Content-Encoding is not supported: send the body uncompressed.',
    headers: { 'accept-encoding': 'identity' },
  });
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Looks at brackets outside of texts only; whether they match is for the parser to say. */
function isTooDeep(bytes: Buffer): boolean {
  // What opens that many levels has at least as many bytes: most bodies are not looked at.
  if (bytes.length <= NESTING_MAX) return false;
  let depth = 0;
  let inText = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (inText) {
      if (byte === BACKSLASH) index++;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) {
      inText = true;
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      if (++depth > NESTING_MAX) return true;
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      depth--;
    }
  }
  return false;
}
