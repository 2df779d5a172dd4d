// Why a request to an upstream has no result.
import type { JsonObject } from '../tool.ts';

/**
 * - `unavailable`: there is no connection now; `ended`: it was lost while the request ran.
 * - `timeout`: no answer in time; `garbage`: what came is no MCP; `too_large`: more came than is admitted.
 * - `refused`: it answered, with a status that says that it cannot serve now or not us.
 * - `busy`: too many requests wait already; `cancelled`: the caller gave up.
 * - `answered`: the upstream answered with a JSON-RPC error.
 * - `session`: the upstream no longer knows the session, so it has not looked at the request.
 * - `unauthorized`: it wants the caller to authorize us, or that failed.
 * - `withheld`: the tool's definition waits for approval; `unknown`: it offers nothing of this name.
 */
type UpstreamReason =
  | 'unavailable'
  | 'ended'
  | 'timeout'
  | 'garbage'
  | 'too_large'
  | 'refused'
  | 'busy'
  | 'cancelled'
  | 'answered'
  | 'session'
  | 'unauthorized'
  | 'withheld'
  | 'unknown';

/**
 * What says that the upstream, and not the request, is the trouble: counted by the breaker. One that is not connected is
 * begun anew by itself and needs no breaker.
 */
const FAILURES: ReadonlySet<UpstreamReason> = new Set(['ended', 'timeout', 'garbage', 'refused']);

/** The message names no address, path or credential: it is safe to show to a caller. */
export class UpstreamError extends Error {
  readonly reason: UpstreamReason;
  /** JSON-RPC code of an `answered` error. */
  readonly code: number | undefined;
  /** What an `answered` error says besides; undefined where that is no object. */
  readonly data: JsonObject | undefined;

  constructor(
    reason: UpstreamReason,
    message: string,
    options: { readonly cause?: unknown; readonly code?: number; readonly data?: JsonObject } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'UpstreamError';
    this.reason = reason;
    this.code = options.code;
    this.data = options.data;
  }

  /** True when the upstream itself is failing. */
  get isFailure(): boolean {
    return FAILURES.has(this.reason);
  }
}

/** Anything else that was thrown, as a lost connection; its own words stay in the cause. */
export function toUpstreamError(error: unknown): UpstreamError {
  if (error instanceof UpstreamError) return error;
  return new UpstreamError('ended', 'The connection to the upstream failed.', { cause: error });
}
