// A key of the store as the gate holds it in memory.
import type { WindowLimit } from '../../tool.ts';
import type { HotKeyRow } from './key-statements.ts';

export interface StoredKey {
  /** The 8 characters after `qs_`; safe to show. */
  readonly id: string;
  readonly name: string;
  readonly tenantId: string;
  /** Further tenants that the key may act in. */
  readonly tenantIds: readonly string[];
  /** Peppered hash in hex. */
  readonly keyHash: string;
  /** Absent: what the definition grants to authenticated callers, unless there are roles. */
  readonly permissions?: readonly string[];
  readonly roles: readonly string[];
  readonly rateLimit?: WindowLimit;
  readonly tier?: string;
  readonly enabled: boolean;
  /** Milliseconds since the epoch, as all times of a key. */
  readonly expiresAt?: number;
  readonly notBefore?: number;
  readonly allowedIps: readonly string[];
  readonly revokedAt?: number;
  readonly createdAt: number;
  readonly use: KeyUse;
}

/** What requests leave behind, to be written down in batches. */
export interface KeyUse {
  /** 0: not used since this process began. */
  at: number;
  /** Hash under the salt in force, where the stored one was made with the previous salt. */
  rehash: string | undefined;
}

/** A row as the gate holds it. `use` outlives the row when a key is read again. */
export function parseStoredKey(row: HotKeyRow, use: KeyUse): StoredKey {
  return {
    id: row.id,
    name: row.name,
    tenantId: row.tenant_id,
    tenantIds: parseTexts(row.tenant_ids),
    keyHash: row.key_hash,
    ...(row.permissions === null ? {} : { permissions: parseTexts(row.permissions) }),
    roles: parseTexts(row.roles),
    ...(row.rate_limit === null ? {} : { rateLimit: parseLimit(row.rate_limit) }),
    ...(row.tier === null ? {} : { tier: row.tier }),
    enabled: row.enabled === 1,
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
    ...(row.not_before === null ? {} : { notBefore: row.not_before }),
    allowedIps: parseTexts(row.allowed_ips),
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
    createdAt: row.created_at,
    use,
  };
}

/** A JSON array of texts. Throws TypeError for anything else: a broken list must not become an empty one. */
export function parseTexts(json: string): readonly string[] {
  const value: unknown = JSON.parse(json);
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new TypeError('a list of a stored key is no list of texts');
}

/** A JSON window limit. Throws TypeError for anything else. */
export function parseLimit(json: string): WindowLimit {
  const value: { readonly window?: unknown; readonly maxRequests?: unknown } | null = JSON.parse(json);
  if (typeof value?.window === 'number' && typeof value.maxRequests === 'number')
    return { window: value.window, maxRequests: value.maxRequests };
  throw new TypeError('the limit of a stored key is no limit');
}

/** What is the matter with a key now. */
export type KeyState = 'valid' | 'revoked' | 'disabled' | 'expired' | 'not_yet_valid';

/** The first thing that keeps a key from being accepted at `now`, in milliseconds since the epoch. */
export function keyState(
  key: Pick<StoredKey, 'enabled' | 'expiresAt' | 'notBefore' | 'revokedAt'>,
  now: number,
): KeyState {
  if (key.revokedAt !== undefined) return 'revoked';
  if (!key.enabled) return 'disabled';
  if (key.notBefore !== undefined && now < key.notBefore) return 'not_yet_valid';
  return key.expiresAt !== undefined && now >= key.expiresAt ? 'expired' : 'valid';
}
