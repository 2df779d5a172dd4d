// What a failure says about the effect of a call: the one table that decides whether a key may run again (governance §7).
import type { Definition } from '../../definition/schema/definition.ts';
import { type ErrorCode, InputRequiredSignal, QuaysideError } from '../../errors.ts';
import type { JsonObject, Outcome } from '../../tool.ts';

export const EFFECTS = ['none', 'definite', 'unknown'] as const;
/**
 * - `none`: nothing happened, so the key is free again.
 * - `definite`: the call came to its end, good or bad; its answer is the answer of every repetition.
 * - `unknown`: it may have happened; it is never run again without being asked after.
 */
export type Effect = (typeof EFFECTS)[number];

/** Kinds of handlers that send one request: how it failed tells how far it came. Code may have done anything before. */
const SINGLE_REQUEST: ReadonlySet<HandlerType> = new Set(['http']);
type HandlerType = Definition['tools'][number]['handler']['type'];

/** By `_meta.error.details.reason`, of handlers that send one request. */
const BY_REASON: Readonly<Record<string, Effect>> = {
  config: 'none',
  invalid_url: 'none',
  invalid_header: 'none',
  refused_address: 'none',
  refused_domain: 'none',
  dns: 'none',
  connect: 'none',
  tls: 'none',
  // The service answered; what cannot be delivered now cannot be delivered by doing it again.
  too_large: 'definite',
  redirect: 'definite',
  socket: 'unknown',
  timeout: 'unknown',
  aborted: 'unknown',
  protocol: 'unknown',
  closed: 'unknown',
};

/** By `_meta.error.details.status`, of handlers that send one request; other 4xx are definite, other 5xx unknown. */
const BY_STATUS: Readonly<Record<number, Effect>> = {
  // RFC 9110 §15.5.9 and RFC 8470 §5.2: the request was not received, or not processed.
  408: 'none',
  425: 'none',
  429: 'none',
  501: 'definite',
  505: 'definite',
};

/** By code, of every handler; a code that is not here is definite. */
const BY_CODE: Readonly<Record<string, Effect>> = {
  HANDLER_LOAD_ERROR: 'none',
  HANDLER_SYNTAX_ERROR: 'none',
  HANDLER_NOT_FOUND: 'none',
  HANDLER_TIMEOUT_ERROR: 'unknown',
  HANDLER_MEMORY_ERROR: 'unknown',
};

/** By code of the table of errors, of what a handler or what runs it threw; any other is unknown. */
const BY_ERROR: Partial<Record<ErrorCode, Effect>> = {
  overloaded: 'none',
  draining: 'none',
  rate_limited: 'none',
  // A handler asks the client first; whatever comes before must be repeatable (ClientChannel.requestInput).
  capability_missing: 'none',
  invalid_params: 'none',
};

/** Judges how a call ended. A tool that knows better says so in `_meta.error.details.effect`, and is believed. */
export function effectOf(outcome: Outcome, handler: HandlerType | undefined): Effect {
  if (!outcome.ok) return effectOfError(outcome.error);
  const { result } = outcome;
  if (!isObject(result) || result.isError !== true) return 'definite';
  const error = isObject(result._meta) ? result._meta.error : undefined;
  // An error that author code phrased itself is its last word.
  if (!isObject(error)) return 'definite';
  // What a handler refuses of the arguments, it refuses before it acts.
  if (error.type === 'validation') return 'none';
  const details = isObject(error.details) ? error.details : {};
  const claimed = EFFECTS.find((effect) => effect === details.effect);
  if (claimed !== undefined) return claimed;
  const isSingle = handler !== undefined && SINGLE_REQUEST.has(handler);
  return (isSingle ? effectOfRequest(details) : undefined) ?? BY_CODE[String(error.code)] ?? 'definite';
}

/** The same for a route, which answers with a status of HTTP: what a command refuses, it refuses for good. */
export function effectOfRoute(outcome: Outcome): Effect {
  if (outcome.ok)
    return isObject(outcome.result) && Number(outcome.result.status) >= 500 ? 'unknown' : 'definite';
  const { error } = outcome;
  if (!(error instanceof QuaysideError)) return 'unknown';
  return BY_ERROR[error.code] ?? (error.definition.status < 500 ? 'definite' : 'unknown');
}

function effectOfError(error: Error): Effect {
  if (error instanceof InputRequiredSignal) return 'none';
  return error instanceof QuaysideError ? (BY_ERROR[error.code] ?? 'unknown') : 'unknown';
}

function effectOfRequest({ reason, status }: JsonObject): Effect | undefined {
  if (typeof status === 'number') {
    if (status < 400) return 'definite';
    return BY_STATUS[status] ?? (status < 500 ? 'definite' : 'unknown');
  }
  return typeof reason === 'string' ? BY_REASON[reason] : undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
