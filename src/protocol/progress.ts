// Progress and log notifications, which read the same in both eras.
import { QuaysideError } from '../errors.ts';
import { type JsonObject, LOG_LEVELS, type LogLevel } from '../tool.ts';
import { notificationMessage, type RequestId } from './messages.ts';
import type { RequestContext } from './request-context.ts';

/** Progress must increase (MCP, progress); a value that does not is dropped. */
export function createProgress(
  context: RequestContext,
  progressToken: RequestId,
): (progress: number, total?: number, message?: string) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (progress, total, message) => {
    if (!Number.isFinite(progress) || progress <= last) return;
    last = progress;
    const params = {
      progressToken,
      progress,
      ...(total === undefined ? {} : { total }),
      ...(message === undefined ? {} : { message }),
    };
    context.send(notificationMessage('notifications/progress', params));
  };
}

/** A whole `notifications/message`; absent data is said as null, which the schema wants. */
export function logMessage(level: LogLevel, data: unknown, logger: string | undefined): string {
  const params: JsonObject = { level, ...(logger === undefined ? {} : { logger }), data: data ?? null };
  return notificationMessage('notifications/message', params);
}

/** Throws `invalid_params` for a token that is neither string nor number. */
export function parseProgressToken(token: unknown): RequestId | undefined {
  if (token === undefined || typeof token === 'string') return token;
  if (typeof token === 'number' && Number.isFinite(token)) return token;
  throw new QuaysideError('invalid_params', {
    message: '`_meta.progressToken` must be a string or a number.',
  });
}

/** Throws `invalid_params` for a level that MCP does not know. */
export function parseLogLevel(level: unknown): LogLevel | undefined {
  if (level === undefined) return undefined;
  const known = LOG_LEVELS.find((name) => name === level);
  if (known !== undefined) return known;
  throw new QuaysideError('invalid_params', {
    message: `The log level must be one of ${LOG_LEVELS.join(', ')}.`,
    data: { allowed: LOG_LEVELS },
  });
}
