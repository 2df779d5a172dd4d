// Failures of a model as failures of a handler.
import { HandlerError, type HandlerErrorCode } from '../../errors.ts';
import type { ModelError, ModelFailure } from '../../models/model-error.ts';

const CODES: Readonly<Record<ModelFailure, HandlerErrorCode>> = {
  unauthorized: 'HANDLER_PERMISSION_ERROR',
  refused: 'HANDLER_PERMISSION_ERROR',
  rejected: 'HANDLER_NETWORK_ERROR',
  rate_limited: 'HANDLER_NETWORK_ERROR',
  unavailable: 'HANDLER_NETWORK_ERROR',
  unreachable: 'HANDLER_NETWORK_ERROR',
  unreadable: 'HANDLER_NETWORK_ERROR',
  truncated: 'HANDLER_NETWORK_ERROR',
  closed: 'HANDLER_NETWORK_ERROR',
  too_large: 'HANDLER_OUTPUT_ERROR',
  filtered: 'HANDLER_EXECUTION_ERROR',
  timeout: 'HANDLER_TIMEOUT_ERROR',
  aborted: 'HANDLER_EXECUTION_ERROR',
};

/** `signal` is the call's own: when it ended the question, its reason is the failure. */
export function toHandlerError(error: ModelError, signal: AbortSignal): HandlerError {
  if (error.failure === 'aborted' && signal.reason instanceof HandlerError) return signal.reason;
  const { failure, status, said } = error;
  const details = {
    reason: failure,
    ...(status === undefined ? {} : { status }),
    ...(said === undefined || said === '' ? {} : { body: said }),
  };
  return new HandlerError(CODES[failure], error.message, { details, cause: error });
}
