// Failures of the outbound client as failures of a handler: what a caller may know, without hosts and addresses.
import type { EgressError, EgressReason } from '../../egress/egress-error.ts';
import { HandlerError, type HandlerErrorCode } from '../../errors.ts';

interface Wording {
  readonly code: HandlerErrorCode;
  readonly message: string;
}

const WORDINGS: Readonly<Record<EgressReason, Wording>> = {
  config: { code: 'HANDLER_CONFIG_ERROR', message: 'Outbound requests are not configured correctly.' },
  invalid_url: { code: 'HANDLER_CONFIG_ERROR', message: 'The URL of the request cannot be used.' },
  invalid_header: { code: 'HANDLER_CONFIG_ERROR', message: 'A header of the request cannot be sent.' },
  refused_address: {
    code: 'HANDLER_PERMISSION_ERROR',
    message: 'The address of the service may not be reached.',
  },
  refused_domain: {
    code: 'HANDLER_PERMISSION_ERROR',
    message: 'The host of the service may not be reached.',
  },
  dns: { code: 'HANDLER_NETWORK_ERROR', message: 'The host of the service cannot be resolved.' },
  connect: { code: 'HANDLER_NETWORK_ERROR', message: 'The service cannot be reached.' },
  tls: { code: 'HANDLER_NETWORK_ERROR', message: 'The TLS connection to the service failed.' },
  socket: { code: 'HANDLER_NETWORK_ERROR', message: 'The connection to the service broke.' },
  timeout: { code: 'HANDLER_TIMEOUT_ERROR', message: 'The service did not answer in time.' },
  aborted: { code: 'HANDLER_EXECUTION_ERROR', message: 'The call was cancelled.' },
  too_large: { code: 'HANDLER_NETWORK_ERROR', message: 'The response is larger than maxResponseSize.' },
  redirect: { code: 'HANDLER_NETWORK_ERROR', message: 'A redirect of the service cannot be followed.' },
  protocol: { code: 'HANDLER_NETWORK_ERROR', message: 'The response of the service cannot be read.' },
  closed: { code: 'HANDLER_NETWORK_ERROR', message: 'The server is shutting down.' },
};

/** `signal` is the call's own: when it ended the request, its reason is the failure. */
export function toHandlerError(error: EgressError, signal: AbortSignal): HandlerError {
  if (error.reason === 'aborted' && signal.reason instanceof HandlerError) return signal.reason;
  const { code, message } = WORDINGS[error.reason];
  return new HandlerError(code, message, { details: { reason: error.reason }, cause: error });
}
