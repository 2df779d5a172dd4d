// The tenants of this install, in memory: every request asks whether its tenant exists and is active.
import { type Mirror, type MirrorOptions, openMirror } from '../../store/mirror.ts';
import type { Store } from '../../store/store.ts';
import type { JsonObject } from '../../tool.ts';
import { DEFAULT_TENANT, type Tenant } from './tenant.ts';
import { listTenants, TENANTS_TOPIC, type TenantRow } from './tenant-statements.ts';

/** The tenants as the process holds them, from opening to closing. */
export interface TenantDirectory
  extends Pick<Mirror<TenantRow>, 'onChange' | 'refresh' | 'problem' | 'close'> {
  /** By id or slug. */
  find(name: string): Tenant | undefined;
  all(): readonly Tenant[];
  /** The tenant `default`, which every install has. */
  readonly defaultTenant: Tenant;
}

/** Reads the tenants, then follows every process's changes within 1 s. Throws when there is no default tenant. */
export async function openTenantDirectory(
  store: Store,
  onFailure?: MirrorOptions<TenantRow>['onFailure'],
): Promise<TenantDirectory> {
  const mirror = await openMirror({
    store,
    topic: TENANTS_TOPIC,
    statement: listTenants,
    ...(onFailure === undefined ? {} : { onFailure }),
  });
  let seen: readonly TenantRow[] = [];
  let tenants: readonly Tenant[] = [];
  const byName = new Map<string, Tenant>();
  const current = (): ReadonlyMap<string, Tenant> => {
    const rows = mirror.rows();
    if (rows !== seen) {
      seen = rows;
      tenants = rows.map(parseTenant);
      byName.clear();
      for (const tenant of tenants) byName.set(tenant.slug, tenant);
      // An id wins over a slug of the same text, which would otherwise take over another tenant.
      for (const tenant of tenants) byName.set(tenant.id, tenant);
    }
    return byName;
  };
  return {
    find: (name) => current().get(name),
    all() {
      current();
      return tenants;
    },
    get defaultTenant() {
      const found = current().get(DEFAULT_TENANT);
      if (found === undefined) throw new Error('The store has no default tenant; run `quayside migrate`.');
      return found;
    },
    onChange: mirror.onChange,
    refresh: mirror.refresh,
    problem: mirror.problem,
    close: mirror.close,
  };
}

/** A row as the product speaks of it. */
export function parseTenant(row: TenantRow): Tenant {
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    ...(row.contact_email === null ? {} : { contactEmail: row.contact_email }),
    isActive: Number(row.is_active) === 1,
    settings: parseSettings(row.settings),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  };
}

function parseSettings(text: string): JsonObject {
  const value: JsonObject = JSON.parse(text);
  return value;
}
