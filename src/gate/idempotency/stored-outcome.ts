// An outcome as text of a row, and back: small ones as they are, large ones compressed, huge ones not at all.
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { type ErrorCode, errors, QuaysideError } from '../../errors.ts';
import type { JsonObject, Outcome } from '../../tool.ts';

/** Above it compressing costs less than writing it (governance §7). */
const PLAIN_BYTES_MAX = 256 * 1024;
/** A result that is larger is not kept: its call happened, and a repetition is told so (governance §7). */
const STORED_BYTES_MAX = 5 * 1024 * 1024;

/** What a row holds of a call that ended. */
export interface StoredOutcome {
  readonly status: 'completed' | 'failed';
  readonly encoding: 'json' | 'gzip';
  /** JSON, or base64 of compressed JSON. */
  readonly text: string;
}

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** A tool result with `isError`, and a refusal of the handler's own, are failures. */
export async function encodeOutcome(outcome: Outcome): Promise<StoredOutcome> {
  const value = outcome.ok ? { result: outcome.result } : { error: parseError(outcome.error) };
  const status = outcome.ok && !isErrorResult(outcome.result) ? 'completed' : 'failed';
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) <= PLAIN_BYTES_MAX) return { status, encoding: 'json', text };
  if (Buffer.byteLength(text) > STORED_BYTES_MAX) return encodeOutcome({ ok: true, result: TOO_LARGE });
  return { status, encoding: 'gzip', text: (await compress(text, { level: 1 })).toString('base64') };
}

/** The outcome as it was. Throws what `JSON.parse` throws for a row that somebody else changed. */
export async function decodeOutcome({ encoding, text }: Omit<StoredOutcome, 'status'>): Promise<Outcome> {
  const json = encoding === 'json' ? text : (await decompress(Buffer.from(text, 'base64'))).toString('utf8');
  const value: unknown = JSON.parse(json);
  if (!isObject(value)) throw new TypeError('a stored outcome must be an object');
  if (!isObject(value.error)) return { ok: true, result: value.result };
  const { code, message, data } = value.error;
  return {
    ok: false,
    error: new QuaysideError(isErrorCode(code) ? code : 'internal', {
      message: String(message),
      ...(isObject(data) ? { data } : {}),
    }),
  };
}

const TOO_LARGE = {
  content: [
    {
      type: 'text',
      text: 'The call with this idempotency key was carried out, but its result is too large to be kept. Read its effect from where it went; do not repeat it.',
    },
  ],
  isError: true,
  _meta: {
    error: {
      type: 'system',
      code: 'result_too_large',
      message: `The result is larger than ${STORED_BYTES_MAX} bytes and was not kept.`,
    },
  },
};

function parseError(error: Error): JsonObject {
  if (!(error instanceof QuaysideError)) return { code: 'internal', message: errors.internal.message };
  return {
    code: error.code,
    message: error.message,
    ...(error.data === undefined ? {} : { data: error.data }),
  };
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errors, code);
}

function isErrorResult(result: unknown): boolean {
  return isObject(result) && result.isError === true;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
