// The caller of a route as the commands see it.
import type { Security } from '../definition/schema/security.ts';
import { QuaysideError } from '../errors.ts';
import type { RouteRequest } from '../route.ts';
import type { Actor } from './actor.ts';
import { createAccess } from './permission/access.ts';

/** Throws `unauthenticated` for a request that nobody stands behind. */
export function actorOf(request: RouteRequest, permissions: Security['permissions']): Actor {
  const { principal, requestId, clientAddress, onBehalfOf } = request;
  if (principal === undefined) throw new QuaysideError('unauthenticated');
  return {
    id: principal.id,
    tenantId: principal.tenantId,
    tenants: principal.tenants ?? [principal.tenantId],
    access: createAccess(principal, permissions),
    requestId,
    ipAddress: clientAddress,
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
  };
}
