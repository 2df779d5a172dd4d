// When a failed attempt is made again, and after how long (spec servers §3.6).
import { setTimeout as sleep } from 'node:timers/promises';

/** Time and chance, handed in so that tests need neither. */
export interface RetryClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** At least 0, less than 1. */
  random(): number;
}

/** The machine's own time and chance. */
export const systemRetryClock: RetryClock = {
  now: () => Date.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
  random: () => Math.random(),
};

const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 10_000;
/** Share of the wait by which it is made longer or shorter, so that callers do not come back in step. */
const JITTER = 0.2;

const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Whether a response says that the same request may succeed later. */
export function isRetryableStatus(status: number): boolean {
  return RETRYABLE_STATUSES.has(status);
}

/** RFC 9110 §9.2.2, of the methods a handler can have. */
export function isIdempotentMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'PUT' || method === 'DELETE';
}

/** Milliseconds before retry number `retry`, counted from 0; `Retry-After` decides when it is given. */
export function retryWaitMs(retry: number, retryAfter: string | undefined, clock: RetryClock): number {
  const demanded = parseRetryAfter(retryAfter, clock.now());
  if (demanded !== undefined) return demanded;
  const wait = Math.min(FIRST_WAIT_MS * 2 ** retry, MAX_WAIT_MS);
  return Math.round(wait * (1 - JITTER + 2 * JITTER * clock.random()));
}

/** RFC 9110 §10.2.3: seconds or a date; undefined when it is neither. */
function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
