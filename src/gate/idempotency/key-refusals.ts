// What is said to callers whose key belongs to another call, or to one that has not ended.
import { QuaysideError } from '../../errors.ts';
import type { KeyRow } from './statements.ts';

/** Ruling "Idempotency refusals": 422 and 4220, nothing was executed. */
export function mismatch(): QuaysideError {
  return new QuaysideError('idempotency_mismatch', {
    message:
      'The idempotency key was used with other arguments; nothing was executed. Use a new key for a new call, or repeat the first call unchanged.',
    data: { code: 'conflict' },
  });
}

/** Longer than this nobody needs to wait before asking again. */
const RETRY_AFTER_SECONDS_MAX = 10;

/** Ruling "Idempotency refusals": 409 and 4090. `leftMs` is what remains of the running call's lease. */
export function stillRunning(leftMs: number): QuaysideError {
  const seconds = retryAfter(leftMs);
  return new QuaysideError('conflict', {
    message: `A call with this idempotency key is still running; repeat it in ${seconds} s to get its result.`,
    data: { code: 'conflict', outcome: 'running', retry_after: seconds },
    headers: { 'retry-after': String(seconds) },
  });
}

/**
 * A call began, and nobody knows whether it took effect. `leftMs`: nothing of it is to be seen yet, and after that time
 * it would be.
 */
export function outcomeUnknown({ request_id, created_at }: KeyRow, leftMs?: number): QuaysideError {
  const startedAt = new Date(created_at).toISOString();
  if (leftMs !== undefined) return notSeenYet(request_id, startedAt, leftMs);
  return new QuaysideError('conflict', {
    message: `A call with this idempotency key began at ${startedAt} (request ${request_id}), and whether it took effect is not known. It is not run again; look whether it did, and use a new key if it did not.`,
    data: { code: 'conflict', outcome: 'unknown', request_id, started_at: startedAt },
  });
}

function notSeenYet(requestId: string, startedAt: string, leftMs: number): QuaysideError {
  const seconds = retryAfter(leftMs);
  return new QuaysideError('conflict', {
    message: `A call with this idempotency key began at ${startedAt} (request ${requestId}). It has no effect so far but may still get one; repeat it in ${seconds} s.`,
    data: {
      code: 'conflict',
      outcome: 'unknown',
      request_id: requestId,
      started_at: startedAt,
      retry_after: seconds,
    },
    headers: { 'retry-after': String(seconds) },
  });
}

function retryAfter(leftMs: number): number {
  return Math.min(Math.max(1, Math.ceil(leftMs / 1000)), RETRY_AFTER_SECONDS_MAX);
}
