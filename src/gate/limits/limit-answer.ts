// What a caller learns about limits: headers on every governed answer, and the refusal (governance §6.2).
import { QuaysideError } from '../../errors.ts';
import type { Bucket } from './bucket.ts';
import type { Admission, Refusal } from './decision.ts';

/**
 * Adds `RateLimit-Policy`, `RateLimit` and `X-RateLimit-*` of the tightest bucket, unless a tighter one is told already;
 * and `X-RateLimit-Warning` for buckets that reached 80 % with this call.
 */
export function addLimitHeaders(headers: Record<string, string>, admission: Admission): void {
  const { tightest, left, warned } = admission;
  if (tightest === undefined) return;
  const told = headers['x-ratelimit-remaining'];
  if (told === undefined || left <= Number(told)) addBucket(headers, tightest, left, admission.resetMs);
  for (const { rule } of warned) {
    const before = headers['x-ratelimit-warning'];
    headers['x-ratelimit-warning'] = before === undefined ? rule.policy : `${before}, ${rule.policy}`;
  }
}

/** The refusal by one bucket; `Retry-After` is rounded up so that the next call passes. */
export function limitRefusal({ by, used, waitMs, resetMs }: Refusal): QuaysideError {
  const { scope, limit, windowMs } = by.rule;
  const retryAfter = Math.max(1, Math.ceil(waitMs / 1000));
  const headers: Record<string, string> = {};
  addBucket(headers, by, 0, Math.max(waitMs, resetMs));
  headers['retry-after'] = String(retryAfter);
  return new QuaysideError('rate_limited', {
    message: `Rate limit of scope "${scope}" exceeded: ${used} of ${limit} requests used; retry in ${retryAfter} s.`,
    data: {
      currentRequests: used,
      maxRequests: limit,
      resetTime: Math.ceil(waitMs),
      retryAfter,
      scope,
      limit,
      window: windowMs,
    },
    headers,
  });
}

/** A second: the backend is asked again as often. */
const RETRY_AFTER_SECONDS = 1;

/** The refusal while counters are lost and `onBackendError: closed` holds. */
export function unavailableRefusal(): QuaysideError {
  return new QuaysideError('limits_unavailable', {
    headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
    data: { retryAfter: RETRY_AFTER_SECONDS },
  });
}

function addBucket(headers: Record<string, string>, { rule }: Bucket, left: number, resetMs: number): void {
  const seconds = String(Math.ceil(resetMs / 1000));
  // Not String: V8 keeps what that makes in a table of the old generation, where it waits for a full collection.
  const remaining = left.toFixed(0);
  headers['ratelimit-policy'] = rule.policy;
  headers.ratelimit = `"${rule.scope}";r=${remaining};t=${seconds}`;
  headers['x-ratelimit-limit'] = rule.limitText;
  headers['x-ratelimit-remaining'] = remaining;
  headers['x-ratelimit-reset'] = seconds;
}
