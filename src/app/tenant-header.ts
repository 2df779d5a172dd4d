// Development only: callers who name a tenant in a header and show no credential (governance §5).
import type { CredentialStageDeps } from '../gate/credential/credential-stage.ts';
import { isTenantName } from '../gate/tenant/tenant.ts';
import type { TenantDirectory } from '../gate/tenant/tenant-directory.ts';
import { TENANT_HEADER, USER_HEADER } from '../gate/tenant/tenant-stage.ts';
import type { Finding } from '../operations/health/health.ts';
import type { Principal } from '../tool.ts';
import type { AppSettings } from './settings.ts';
import { isLoopbackHost } from './start-checks.ts';

const NOTICE =
  'QUAYSIDE_DEV_TENANT_HEADER: everybody on this machine may act in any tenant by naming it in X-Tenant-ID.';

/** Whether the switch is on. */
export function hasTenantHeader({ environment }: Pick<AppSettings, 'environment'>): boolean {
  return environment.devTenantHeader === true;
}

/** Why the switch keeps the process from starting, or what the start has to say about it. */
export function checkTenantHeader(settings: Pick<AppSettings, 'environment' | 'host' | 'production'>): {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
} {
  if (!hasTenantHeader(settings)) return { errors: [], warnings: [] };
  if (!settings.production && isLoopbackHost(settings.host)) return { errors: [], warnings: [NOTICE] };
  return {
    errors: [
      'QUAYSIDE_DEV_TENANT_HEADER: admits callers without a credential, so it works on a loopback address outside production only; unset it.',
    ],
    warnings: [],
  };
}

/** What health says of the switch. */
export function tenantHeaderFinding(): Finding {
  return { status: 'degraded', message: NOTICE };
}

/** Tenants are bounded, so the principals that this makes are. */
export function tenantHeaderAccess(
  settings: Pick<AppSettings, 'environment'>,
  tenants: Pick<TenantDirectory, 'find'>,
): Pick<CredentialStageDeps, 'tenantHeader'> {
  if (!hasTenantHeader(settings)) return {};
  const known = new WeakMap<readonly string[], Map<string, Principal>>();
  return {
    tenantHeader(headers, permissions) {
      const name = headers[TENANT_HEADER];
      if (typeof name !== 'string' || !isTenantName(name)) return undefined;
      const tenantId = tenants.find(name)?.id ?? name;
      const user = headers[USER_HEADER];
      if (typeof user === 'string') return principalOf(tenantId, permissions, user);
      const perTenant = known.get(permissions) ?? new Map<string, Principal>();
      known.set(permissions, perTenant);
      const principal = perTenant.get(tenantId) ?? principalOf(tenantId, permissions);
      if (tenants.find(tenantId) !== undefined) perTenant.set(tenantId, principal);
      return principal;
    },
  };
}

function principalOf(tenantId: string, permissions: readonly string[], userId?: string): Principal {
  return {
    type: 'anonymous',
    id: 'tenant-header',
    name: 'tenant-header',
    tenantId,
    roles: [],
    permissions,
    ...(userId === undefined ? {} : { userId }),
  };
}
