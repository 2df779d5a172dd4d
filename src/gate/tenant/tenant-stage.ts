// Stage 6: in which tenant the caller acts. The credential says which it has; a header only chooses among them
// (governance §5).
import { QuaysideError } from '../../errors.ts';
import type { Principal } from '../../tool.ts';
import { createAccess } from '../permission/access.ts';
import type { Exchange, RequestStage } from '../stage.ts';
import { isTenantName, type Tenant } from './tenant.ts';
import type { TenantDirectory } from './tenant-directory.ts';

/** Chooses among the tenants of the credential, by id or slug. */
export const TENANT_HEADER = 'x-tenant-id';
/** Names the person that a trusted intermediary acts for. */
export const USER_HEADER = 'x-user-id';

/** As long as `user_id` of the audit record. */
const USER_ID_LENGTH_MAX = 255;
const USER_ID = /^[\x21-\x7e]+$/;

const IMPERSONATE = { anyOf: ['admin:impersonate'], allOf: [] };

export interface TenantStageDeps {
  readonly tenants: Pick<TenantDirectory, 'find'>;
}

/**
 * Settles `exchange.principal` on one active tenant and provides `exchange.onBehalfOf`. Refuses with
 * `invalid_request` (400) for a header that names no tenant at all, and with `tenant_refused` (403) for a tenant that
 * is unknown, not the credential's, or switched off: which of them is not told.
 */
export function tenantStage({ tenants }: TenantStageDeps): RequestStage {
  const settled = createSettling();
  const enterTenant = (exchange: Exchange): QuaysideError | undefined => {
    const { principal } = exchange;
    // Public routes go on without a principal; there is nothing of a tenant on them.
    if (principal === undefined) return undefined;
    const chosen = exchange.headers[TENANT_HEADER];
    const tenant = tenants.find(principal.tenantId);
    if (chosen === undefined) {
      if (tenant?.isActive !== true) return refusal();
      exchange.principal = settled(principal, tenant, tenants);
      return undefined;
    }
    if (typeof chosen !== 'string' || !isTenantName(chosen)) return malformed();
    const wanted = tenants.find(chosen);
    if (wanted?.isActive !== true || !hasTenant(principal, wanted)) return refusal();
    exchange.principal = settled(principal, wanted, tenants);
    return undefined;
  };
  return {
    name: 'tenant',
    prepare(server) {
      const { permissions } = server.definition.security;
      const mayImpersonate = new WeakMap<Principal, boolean>();
      const isImpersonator = (principal: Principal): boolean => {
        let may = mayImpersonate.get(principal);
        if (may === undefined) {
          may = createAccess(principal, permissions).allows(IMPERSONATE);
          mayImpersonate.set(principal, may);
        }
        return may;
      };
      return {
        name: 'tenant',
        enter(exchange) {
          const refused = enterTenant(exchange);
          const user = exchange.headers[USER_HEADER];
          if (refused !== undefined || user === undefined || exchange.principal === undefined) return refused;
          if (!isImpersonator(exchange.principal)) return undefined;
          if (typeof user !== 'string' || user.length > USER_ID_LENGTH_MAX || !USER_ID.test(user))
            return malformedUser();
          exchange.onBehalfOf = user;
          return undefined;
        },
        holds: ({ principal }) => tenants.find(principal.tenantId)?.isActive === true,
      };
    },
  };

  function hasTenant(principal: Principal, wanted: Tenant): boolean {
    const own = principal.tenants ?? [principal.tenantId];
    return own.some((name) => tenants.find(name)?.id === wanted.id);
  }
}

/** One principal per credential and tenant, so that what stages remember by identity stays theirs. */
function createSettling() {
  const known = new WeakMap<Principal, Map<string, Principal>>();
  return (principal: Principal, tenant: Tenant, tenants: TenantStageDeps['tenants']): Principal => {
    if (principal.tenantId === tenant.id && principal.tenants === undefined) return principal;
    let perTenant = known.get(principal);
    if (perTenant === undefined) {
      perTenant = new Map();
      known.set(principal, perTenant);
    }
    let one = perTenant.get(tenant.id);
    if (one === undefined) {
      const own = principal.tenants ?? [principal.tenantId];
      const ids = own.flatMap((name) => tenants.find(name)?.id ?? []);
      one = { ...principal, tenantId: tenant.id, tenants: ids };
      perTenant.set(tenant.id, one);
    }
    return one;
  };
}

function refusal(): QuaysideError {
  return new QuaysideError('tenant_refused');
}

function malformed(): QuaysideError {
  return new QuaysideError('invalid_request', {
    message: 'X-Tenant-ID must be the UUID or slug of one tenant, such as acme.',
  });
}

function malformedUser(): QuaysideError {
  return new QuaysideError('invalid_request', {
    message: `X-User-ID must be at most ${USER_ID_LENGTH_MAX} visible ASCII characters.`,
  });
}
