// Failures of an upstream as failures of a handler, or of the operation where it is no tool.
import { HandlerError, type HandlerErrorCode, QuaysideError } from '../../errors.ts';
import { isObject } from '../../upstreams/json-object.ts';
import type { UpstreamError } from '../../upstreams/upstream-error.ts';

type Reason = UpstreamError['reason'];

/** `effect`: what is known of whether the call happened (governance §7). */
const FAILURES: Readonly<
  Record<Reason, { readonly code: HandlerErrorCode; readonly effect: 'none' | 'definite' | 'unknown' }>
> = {
  unavailable: { code: 'HANDLER_NETWORK_ERROR', effect: 'none' },
  refused: { code: 'HANDLER_NETWORK_ERROR', effect: 'unknown' },
  ended: { code: 'HANDLER_NETWORK_ERROR', effect: 'unknown' },
  timeout: { code: 'HANDLER_TIMEOUT_ERROR', effect: 'unknown' },
  garbage: { code: 'HANDLER_NETWORK_ERROR', effect: 'unknown' },
  too_large: { code: 'HANDLER_NETWORK_ERROR', effect: 'definite' },
  busy: { code: 'HANDLER_NETWORK_ERROR', effect: 'none' },
  cancelled: { code: 'HANDLER_EXECUTION_ERROR', effect: 'unknown' },
  answered: { code: 'HANDLER_EXECUTION_ERROR', effect: 'definite' },
  session: { code: 'HANDLER_NETWORK_ERROR', effect: 'none' },
  unauthorized: { code: 'HANDLER_PERMISSION_ERROR', effect: 'none' },
  withheld: { code: 'HANDLER_PERMISSION_ERROR', effect: 'none' },
  unknown: { code: 'HANDLER_NOT_FOUND', effect: 'none' },
};

/** Of a tool's call. What the upstream misses at the client is the client's to hear (MCP 2026-07-28, -32021). */
export function toHandlerError(error: UpstreamError): HandlerError | QuaysideError {
  const required = error.data?.requiredCapabilities;
  if (error.code === -32_021 && isObject(required))
    return new QuaysideError('capability_missing', {
      data: { requiredCapabilities: required },
      cause: error,
    });
  const { code, effect } = FAILURES[error.reason];
  const number = error.reason === 'answered' && error.code !== undefined ? { code: error.code } : {};
  const details = { reason: error.reason, effect, ...number };
  return new HandlerError(code, error.message, { details, cause: error.cause ?? error });
}

/** What upstreams of either era answer for something that they do not know (MCP, error handling). */
const UNKNOWN_CODES: readonly (number | undefined)[] = [-32002, -32602];

/** Of a prompt or a resource, where no result could say it. */
export function toOperationError(error: UpstreamError, unknown: 'unknown_resource' | 'invalid_params') {
  if (error.reason === 'answered' && UNKNOWN_CODES.includes(error.code))
    return new QuaysideError(unknown, { message: error.message, cause: error });
  return new QuaysideError('upstream_failed', { message: error.message, cause: error });
}
