// A key as REST and the command line show it: all that is kept, but neither the key nor its hash.

import type { WindowLimit } from '../../tool.ts';
import type { ApiKeyRow } from './key-statements.ts';
import { keyState, parseLimit, parseTexts } from './stored-key.ts';

/** The names of governance §2; times in ISO 8601, null where there is none. */
export interface ShownKey {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  /** null: what the definition grants to authenticated callers, unless there are roles. */
  readonly permissions: readonly string[] | null;
  readonly roles: readonly string[];
  readonly rateLimit: WindowLimit | null;
  readonly tier: string | null;
  readonly enabled: boolean;
  readonly expiresAt: string | null;
  readonly notBefore: string | null;
  readonly tenant_id: string;
  readonly tenant_ids: readonly string[];
  readonly allowedIps: readonly string[];
  readonly created_by: string | null;
  readonly created_at: string;
  readonly last_used_at: string | null;
  readonly rotated_from: string | null;
  readonly revoked_at: string | null;
}

/** `now` decides about `state`, in milliseconds since the epoch. */
export function presentKey(row: ApiKeyRow, now: number): ShownKey {
  return {
    id: row.id,
    name: row.name,
    state: keyState(
      {
        enabled: row.enabled === 1,
        ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
        ...(row.not_before === null ? {} : { notBefore: row.not_before }),
        ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
      },
      now,
    ),
    permissions: row.permissions === null ? null : parseTexts(row.permissions),
    roles: parseTexts(row.roles),
    rateLimit: row.rate_limit === null ? null : parseLimit(row.rate_limit),
    tier: row.tier,
    enabled: row.enabled === 1,
    expiresAt: toText(row.expires_at),
    notBefore: toText(row.not_before),
    tenant_id: row.tenant_id,
    tenant_ids: parseTexts(row.tenant_ids),
    allowedIps: parseTexts(row.allowed_ips),
    created_by: row.created_by,
    created_at: new Date(row.created_at).toISOString(),
    last_used_at: toText(row.last_used_at),
    rotated_from: row.rotated_from,
    revoked_at: toText(row.revoked_at),
  };
}

function toText(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
