// Why an outbound request did not end in a response.

export const EGRESS_REASONS = [
  'config',
  'invalid_url',
  'invalid_header',
  'refused_address',
  'refused_domain',
  'dns',
  'connect',
  'tls',
  'socket',
  'timeout',
  'aborted',
  'too_large',
  'redirect',
  'protocol',
  'closed',
] as const;
/**
 * - `config`: `QUAYSIDE_EGRESS_ALLOW` cannot be read.
 * - `refused_address`, `refused_domain`: policy; nothing was connected.
 * - `connect`: no connection was made; `socket`: it broke before the response was complete.
 * - `aborted`: the caller's signal; `timeout`: the request's own deadline.
 */
export type EgressReason = (typeof EGRESS_REASONS)[number];

/** Failures after which the same request may succeed: nothing, or nothing complete, was answered. */
const CONNECTION_REASONS: ReadonlySet<EgressReason> = new Set(['dns', 'connect', 'socket']);

/** A failed outbound request. The message may hold host names and addresses: it is for the log, not for callers. */
export class EgressError extends Error {
  readonly reason: EgressReason;

  constructor(reason: EgressReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'EgressError';
    this.reason = reason;
  }

  /** True when the connection, not the peer or a policy, was the trouble. */
  get isConnectionFailure(): boolean {
    return CONNECTION_REASONS.has(this.reason);
  }
}

/** What went wrong inside the client library or the system, in our words; EgressErrors pass unchanged. */
export function toEgressError(error: unknown): EgressError {
  if (error instanceof EgressError) return error;
  const code = errorCode(error);
  if (CONNECT_CODES.has(code)) return new EgressError('connect', `No connection was made (${code}).`, error);
  if (SOCKET_CODES.has(code)) return new EgressError('socket', `The connection broke (${code}).`, error);
  if (TLS_CODE.test(code)) return new EgressError('tls', `The TLS connection failed (${code}).`, error);
  return new EgressError('protocol', `The response cannot be read (${code}).`, error);
}

const CONNECT_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EACCES',
  'EPERM',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const SOCKET_CODES: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_SOCKET']);
const TLS_CODE = /CERT|TLS|SSL|EPROTO|SIGNATURE|UNABLE_TO/;

function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  // Node joins the failures of several addresses; all are connection failures.
  if (error instanceof AggregateError) return errorCode(error.errors[0]);
  return error.name;
}
