// What a tenant is, and how one is named from outside.
import type { JsonObject } from '../../tool.ts';

/** The tenant of a single-tenant install, and the operator's own where there are more (governance §5). */
export const DEFAULT_TENANT = 'default';

/** One tenant, as every process holds it. */
export interface Tenant {
  /** UUID; what rows carry as `tenant_id`. */
  readonly id: string;
  readonly name: string;
  /** Unique, never changed: definitions and tokens name tenants by it. */
  readonly slug: string;
  readonly contactEmail?: string;
  /** false: every credential of the tenant is refused. */
  readonly isActive: boolean;
  readonly settings: JsonObject;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** As in a host name, so that a tenant may become part of one. */
export const TENANT_SLUG: RegExp = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a text can name a tenant at all: as UUID or slug. */
export function isTenantName(text: string): boolean {
  return UUID.test(text) || TENANT_SLUG.test(text);
}

/** Whether a tenant may be given this slug: one that reads as the id of another would be mistaken for it. */
export function isFreeSlug(text: string): boolean {
  return TENANT_SLUG.test(text) && !UUID.test(text);
}
