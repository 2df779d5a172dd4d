// The keys that a server admits, found by hash. Plain keys are hashed when the table is built and not kept.
import { hash, timingSafeEqual } from 'node:crypto';
import type { ApiKey, Security } from '../../definition/schema/security.ts';
import type { Principal } from '../../tool.ts';
import { type AddressList, parseAddressList } from '../address-list.ts';
import type { StoredKey } from './key-file.ts';
import { pepperedHash, sha256Hex } from './key-hash.ts';

export const KEY_FAILURES = ['invalid', 'expired', 'disabled', 'not_yet_valid', 'address'] as const;
export type KeyFailure = (typeof KEY_FAILURES)[number];

/** The default tenant of an install without tenants (governance §5). */
export const DEFAULT_TENANT = 'default';

export interface KeyTable {
  /** The principal of a presented key, or why it is refused. `now` is the time in ms since the epoch. */
  find(presented: string, clientAddress: string, now: number): Principal | KeyFailure;
  readonly size: number;
}

interface KeyRow {
  readonly hash: Buffer;
  readonly principal: Principal;
  readonly enabled: boolean;
  readonly notBefore: number;
  readonly expiresAt: number;
  readonly allowedIps: AddressList;
}

export interface KeyTableOptions {
  readonly definitionKeys: readonly ApiKey[];
  /** Keys from `<data>/keys.json`, valid on every server. */
  readonly storedKeys: readonly StoredKey[];
  readonly permissions: Security['permissions'];
  readonly salt: string;
  /** `API_KEY_SALT_PREVIOUS`: stored keys hashed with it stay valid while the salt changes. */
  readonly previousSalt?: string;
}

/**
 * Builds the table. Looking up is by hash of what was presented, then compared in constant time; an unknown key
 * costs the same as a known one.
 */
export function createKeyTable(options: KeyTableOptions): KeyTable {
  const rows = new Map<string, KeyRow>();
  const salts = options.previousSalt === undefined ? [options.salt] : [options.salt, options.previousSalt];
  for (const key of options.definitionKeys) {
    const sha256 = key.key === undefined ? key.keyHash?.slice('sha256:'.length) : sha256Hex(key.key);
    // The loader has refused an entry with neither; here it must not become the hash of nothing.
    if (sha256 === undefined) continue;
    const row = definitionRow(key, pepperedHash(sha256, options.salt), options.permissions);
    rows.set(row.hash.toString('base64'), row);
  }
  for (const key of options.storedKeys) {
    const row = storedRow(key, options.permissions);
    rows.set(row.hash.toString('base64'), row);
  }
  // Keys that were found before, by the plain hash, so that only the first request of a key pays for the pepper.
  // No larger than the table; a failed key never gets in and pays in full each time.
  const found = new Map<string, KeyRow>();
  return {
    find(presented, clientAddress, now) {
      const sha256 = hash('sha256', presented, 'hex');
      const known = found.get(sha256);
      if (known !== undefined) return admitRow(known, clientAddress, now);
      for (const salt of salts) {
        const digest = pepperedHash(sha256, salt);
        const row = rows.get(digest.toString('base64'));
        if (row === undefined || !timingSafeEqual(row.hash, digest)) continue;
        found.set(sha256, row);
        return admitRow(row, clientAddress, now);
      }
      return 'invalid';
    },
    size: rows.size,
  };
}

function admitRow(row: KeyRow, clientAddress: string, now: number): Principal | KeyFailure {
  if (!row.enabled) return 'disabled';
  if (now < row.notBefore) return 'not_yet_valid';
  if (now >= row.expiresAt) return 'expired';
  if (!row.allowedIps.isEmpty && !row.allowedIps.has(clientAddress)) return 'address';
  return row.principal;
}

function definitionRow(key: ApiKey, digest: Buffer, permissions: Security['permissions']): KeyRow {
  return {
    hash: digest,
    principal: {
      type: 'key',
      id: key.name,
      name: key.name,
      tenantId: key.tenant ?? DEFAULT_TENANT,
      roles: key.roles ?? [],
      permissions: key.permissions ?? permissions.authenticated,
      ...(key.tier === undefined ? {} : { tier: key.tier }),
      ...(key.rateLimit === undefined ? {} : { rateLimit: key.rateLimit }),
    },
    enabled: key.enabled,
    notBefore: parseTime(key.notBefore, Number.NEGATIVE_INFINITY),
    expiresAt: parseTime(key.expiresAt, Number.POSITIVE_INFINITY),
    allowedIps: parseAddressList(key.allowedIps),
  };
}

function storedRow(key: StoredKey, permissions: Security['permissions']): KeyRow {
  return {
    hash: Buffer.from(key.keyHash, 'hex'),
    principal: {
      type: 'key',
      id: key.id,
      name: key.name,
      tenantId: DEFAULT_TENANT,
      roles: [],
      permissions: key.permissions ?? permissions.authenticated,
    },
    enabled: key.enabled,
    notBefore: Number.NEGATIVE_INFINITY,
    expiresAt: parseTime(key.expiresAt, Number.POSITIVE_INFINITY),
    allowedIps: parseAddressList([]),
  };
}

function parseTime(time: number | string | undefined, fallback: number): number {
  if (time === undefined) return fallback;
  return typeof time === 'number' ? time : Date.parse(time);
}
