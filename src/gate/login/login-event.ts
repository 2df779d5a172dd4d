// What happens to accounts, as those hear of it who keep a record.
import type { RouteRequest } from '../../route.ts';
import type { AuditEvent } from '../audit/audit.ts';
import { DEFAULT_TENANT } from '../tenant/tenant.ts';

/** One thing that happened to an account, or was tried. */
export interface LoginEvent {
  readonly type: 'authentication.success' | 'authentication.failure' | 'admin.action';
  readonly action: 'login' | 'refresh' | 'logout' | 'register' | 'invite';
  readonly request: RouteRequest;
  readonly tenantId?: string;
  readonly userId?: string;
}

/** The event as the audit record takes it (governance §8.1). */
export function toAuditEvent({ type, action, request, tenantId, userId }: LoginEvent): AuditEvent {
  const { principal, requestId, clientAddress: ipAddress, headers } = request;
  const actor = principal?.id ?? userId;
  const agent = headers['user-agent'];
  return {
    eventType: type,
    result: type === 'authentication.failure' ? 'failure' : 'success',
    tenantId: tenantId ?? principal?.tenantId ?? DEFAULT_TENANT,
    action,
    resourceType: 'user',
    requestId,
    ipAddress,
    ...(userId === undefined ? {} : { resourceId: userId }),
    ...(actor === undefined ? {} : { userId: actor }),
    ...(typeof agent === 'string' ? { userAgent: agent } : {}),
  };
}
