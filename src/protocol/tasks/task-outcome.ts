// What a task keeps of how its call ended.
import { type ErrorCode, errors, QuaysideError } from '../../errors.ts';
import type { Outcome } from '../../tool.ts';
import { toPublicError } from '../error-answer.ts';
import { isObject } from '../messages.ts';
import type { TaskOutcome } from './task.ts';
import type { TaskEnd } from './task-lease.ts';

/** 16 MiB: three times the default of `limits.maxResultSize`, with room for what JSON adds. */
const OUTCOME_LENGTH_MAX = 16 * 1024 * 1024;

/** A tool that says it failed has ended well as far as the task goes; the legacy form says otherwise when it is shown. */
export function endOf(outcome: Outcome, requestId: string): TaskEnd {
  if (!outcome.ok) return failure(toPublicError(outcome.error, requestId));
  const kept: TaskOutcome = { result: isObject(outcome.result) ? outcome.result : {} };
  if (JSON.stringify(kept).length > OUTCOME_LENGTH_MAX)
    return failure(new QuaysideError('internal', { message: 'The result is too large to be kept.' }));
  return { status: 'completed', outcome: kept };
}

function failure({ code, message, data }: QuaysideError): TaskEnd {
  const error = { code, message, ...(data === undefined ? {} : { data }) };
  return { status: 'failed', outcome: { error }, message };
}

/** The error that a task ended with; one that this version does not know any more is `internal`. */
export function errorOf({ error }: Extract<TaskOutcome, { error: unknown }>): QuaysideError {
  const { code, message, data } = error;
  return new QuaysideError(isErrorCode(code) ? code : 'internal', {
    message,
    ...(data === undefined ? {} : { data }),
  });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errors, code);
}
