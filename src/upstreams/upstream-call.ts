// One request to an upstream on behalf of a caller.

import type { TraceContext } from '../call-trace.ts';
import { HandlerError } from '../errors.ts';
import type { JsonObject, Principal } from '../tool.ts';
import type { Ears } from './rpc/link.ts';
import type { UpstreamError } from './upstream-error.ts';

/** A request on behalf of a caller. */
export interface UpstreamCall {
  readonly method: 'tools/call' | 'prompts/get' | 'resources/read' | 'completion/complete';
  readonly params: JsonObject;
  readonly timeoutMs: number;
  /** Absent where nobody in particular asks. */
  readonly principal?: Principal;
  readonly signal?: AbortSignal;
  readonly ears?: Ears;
  /** Of the span that this request is. */
  readonly trace?: TraceContext | undefined;
  /** Client capabilities that the caller's client has. */
  readonly capabilities?: JsonObject;
}

/** Whose session it is; callers that share a name in two tenants are two. */
export function callerKey(principal: Principal | undefined): string {
  return principal === undefined ? '' : `${principal.tenantId} ${principal.type} ${principal.id}`;
}

/** Whose key it is; the empty one is nobody's. */
export function callerOfKey(key: string): { readonly tenantId: string; readonly id: string } {
  const [tenantId = '', , ...id] = key.split(' ');
  return { tenantId, id: id.join(' ') };
}

/** The deadline of the gate ends a call by its signal, a moment before our own would. */
export function isDeadline({ reason, cause }: UpstreamError): boolean {
  return reason === 'cancelled' && cause instanceof HandlerError && cause.code === 'HANDLER_TIMEOUT_ERROR';
}
