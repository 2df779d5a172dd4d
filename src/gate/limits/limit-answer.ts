// What a caller learns about limits: headers on every governed answer, and the refusal (governance §6.2).
import { QuaysideError } from '../../errors.ts';
import type { Bucket } from './limiter.ts';

/** Adds `RateLimit-Policy`, `RateLimit` and `X-RateLimit-*` of the tightest bucket. `now` as the limiter's clock. */
export function addLimitHeaders(headers: Record<string, string>, bucket: Bucket, now: number): void {
  const left = Math.max(0, bucket.limit - bucket.window.used(now));
  const seconds = Math.ceil(bucket.window.resetMs(now) / 1000);
  headers['ratelimit-policy'] = bucket.policy;
  headers.ratelimit = `"${bucket.scope}";r=${left};t=${seconds}`;
  headers['x-ratelimit-limit'] = String(bucket.limit);
  headers['x-ratelimit-remaining'] = String(left);
  headers['x-ratelimit-reset'] = String(seconds);
}

/** The refusal by one bucket; `Retry-After` is rounded up so that the next call passes. */
export function limitRefusal(bucket: Bucket, waitMs: number, now: number): QuaysideError {
  const used = bucket.window.used(now);
  const retryAfter = Math.max(1, Math.ceil(waitMs / 1000));
  const headers: Record<string, string> = {};
  addLimitHeaders(headers, bucket, now);
  headers['retry-after'] = String(retryAfter);
  return new QuaysideError('rate_limited', {
    message: `Rate limit of scope "${bucket.scope}" exceeded: ${used} of ${bucket.limit} requests used; retry in ${retryAfter} s.`,
    data: {
      currentRequests: used,
      maxRequests: bucket.limit,
      resetTime: Math.ceil(waitMs),
      retryAfter,
      scope: bucket.scope,
      window: bucket.windowMs,
    },
    headers,
  });
}
