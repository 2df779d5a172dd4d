// Request ids: the caller's own where it is safe to repeat, else a cheap unique one.
import { randomBytes } from 'node:crypto';

const SAFE_ID = /^[A-Za-z0-9._:/+=-]{1,128}$/;

/** Unique per process and start, so that ids of replicas and restarts do not meet in one log. */
const START = randomBytes(6).toString('base64url');

let counter = 0;

/** Takes `X-Request-Id` when it cannot harm a log line or a header. */
export function requestIdOf(given: string | string[] | undefined): string {
  return typeof given === 'string' && SAFE_ID.test(given) ? given : createRequestId();
}

export function createRequestId(): string {
  counter = (counter + 1) % Number.MAX_SAFE_INTEGER;
  return `${START}-${counter.toString(36)}`;
}
