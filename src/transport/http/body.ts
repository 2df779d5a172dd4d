// Reads a request's body within its limits, and not a byte further.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { QuaysideError } from '../../errors.ts';

export interface BodyLimits {
  readonly maxBytes: number;
  /** For the whole body, from when it is asked for. */
  readonly timeoutMs: number;
}

/**
 * Throws `body_too_large` as soon as the length is known to exceed the limit, and `request_timeout`.
 * After either the connection must not be reused: the rest of the body is still on it.
 */
export function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  limits: BodyLimits,
): Promise<Buffer> {
  const { maxBytes, timeoutMs } = limits;
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.reject(tooLarge(maxBytes));
  // Only now: a client that waits for 100 has not sent what we would refuse.
  if (request.headers.expect !== undefined) response.writeContinue();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => stop(new QuaysideError('request_timeout')), timeoutMs);
    const stop = (error: Error): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).pause();
      reject(error);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > maxBytes) stop(tooLarge(maxBytes));
      else chunks.push(chunk);
    };
    const onEnd = (): void => {
      clearTimeout(timer);
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size));
    };
    request.on('data', onData).on('end', onEnd);
    request.once('close', () => {
      if (!request.complete)
        stop(new QuaysideError('request_timeout', { message: 'The connection was lost.' }));
    });
  });
}

function tooLarge(maxBytes: number): QuaysideError {
  return new QuaysideError('body_too_large', {
    message: `The body is larger than the limit of ${maxBytes} bytes (limits.maxRequestSize).`,
    data: { maxBytes },
  });
}
