// What is told of an error that author code threw (spec servers §3.4): its message, never its stack.
import { basename } from 'node:path';
import { HandlerError } from '../../errors.ts';
import type { Failure } from './messages.ts';

/** Characters of a message that reach the caller. */
const MESSAGE_MAX = 2000;

/** Any thrown value as a failure with HANDLER_EXECUTION_ERROR. */
export function describeFailure(thrown: unknown): Failure {
  if (thrown instanceof HandlerError) {
    const { details } = thrown;
    return {
      code: thrown.code,
      message: thrown.message,
      ...(details === undefined ? {} : { details }),
      stack: stackOf(thrown.cause ?? thrown),
    };
  }
  return { code: 'HANDLER_EXECUTION_ERROR', message: messageOf(thrown), stack: stackOf(thrown) };
}

function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return withoutPath(thrown).slice(0, MESSAGE_MAX) || thrown.name;
  if (typeof thrown === 'string') return thrown.slice(0, MESSAGE_MAX);
  if (
    typeof thrown === 'object' &&
    thrown !== null &&
    'message' in thrown &&
    typeof thrown.message === 'string'
  ) {
    return thrown.message.slice(0, MESSAGE_MAX);
  }
  return `The handler threw ${typeof thrown === 'object' && thrown !== null ? 'an object' : String(thrown)}.`;
}

/** Errors of the system quote the whole path; the caller gets the name. */
function withoutPath(error: Error): string {
  const path = 'path' in error && typeof error.path === 'string' ? error.path : '';
  return path === '' ? error.message : error.message.replaceAll(path, basename(path));
}

function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? String(thrown)) : String(thrown);
}
