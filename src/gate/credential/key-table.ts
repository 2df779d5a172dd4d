// The keys that a server admits, found by hash. Plain keys are hashed when the table is built and not kept.
import { hash, timingSafeEqual } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ApiKey, Security } from '../../definition/schema/security.ts';
import type { Principal } from '../../tool.ts';
import { type AddressList, parseAddressList } from '../address-list.ts';
import { DEFAULT_TENANT } from '../tenant/tenant.ts';
import { pepperedHash, sha256Hex } from './key-hash.ts';
import type { KeyUse, StoredKey } from './stored-key.ts';

export const KEY_FAILURES = ['invalid', 'expired', 'disabled', 'not_yet_valid', 'address'] as const;
export type KeyFailure = (typeof KEY_FAILURES)[number];

export interface KeyTable {
  /** The principal of a presented key, or why it is refused. `now` is the time in ms since the epoch. */
  find(presented: string, clientAddress: string, now: number): Principal | KeyFailure;
  /** Whether a principal that was let in before still would be, with the same rights. */
  holds(principal: Principal, clientAddress: string, now: number): boolean;
  /** The key of an id or a name; of several the newest. */
  named(idOrName: string): NamedKey | undefined;
  readonly size: number;
}

/** One key as `explain` sees it. */
export interface NamedKey {
  readonly principal: Principal;
  /** The key has neither permissions nor roles of its own. */
  readonly usesDefaults: boolean;
  /** Why the key is refused from `clientAddress` at `now`, or undefined. */
  refusal(clientAddress: string, now: number): KeyFailure | undefined;
}

interface KeyRow {
  readonly hash: Buffer;
  readonly principal: Principal;
  readonly usesDefaults: boolean;
  readonly enabled: boolean;
  readonly notBefore: number;
  readonly expiresAt: number;
  readonly allowedIps: AddressList;
  /** Only of keys in the store. */
  readonly use?: KeyUse;
}

export interface KeyTableOptions {
  readonly definitionKeys: readonly ApiKey[];
  readonly permissions: Security['permissions'];
  readonly salt: string;
  /** `API_KEY_SALT_PREVIOUS`: stored keys hashed with it stay valid while the salt changes. */
  readonly previousSalt?: string;
}

/**
 * Prepares the table of one server: its definition's keys are hashed here, once. The returned function adds the keys
 * of the store, valid on every server, and is called again when those changed.
 */
export function createKeyTables(options: KeyTableOptions): (storedKeys: readonly StoredKey[]) => KeyTable {
  const fixed = definitionRows(options);
  const known = new WeakMap<StoredKey, KeyRow>();
  return (storedKeys) => {
    const rows = [...fixed];
    for (const key of storedKeys) {
      let row = known.get(key);
      if (row === undefined) {
        row = storedRow(key, options.permissions);
        known.set(key, row);
      }
      rows.push(row);
    }
    return createTable(rows, options);
  };
}

/**
 * Looking up is by hash of what was presented, then compared in constant time; an unknown key costs the same as a
 * known one.
 */
function createTable(rows: readonly KeyRow[], { salt, previousSalt }: KeyTableOptions): KeyTable {
  const byHash = new Map(rows.map((row) => [row.hash.toString('base64'), row]));
  const byId = new Map(rows.map((row) => [row.principal.id, row]));
  const byName = new Map(rows.map((row) => [row.principal.name, row]));
  const salts = previousSalt === undefined ? [salt] : [salt, previousSalt];
  // Keys that were found before, by the plain hash, so that only the first request of a key pays for the pepper.
  // No larger than the table; a failed key never gets in and pays in full each time.
  const found = new Map<string, KeyRow>();
  return {
    find(presented, clientAddress, now) {
      const sha256 = hash('sha256', presented, 'hex');
      const row = found.get(sha256);
      if (row !== undefined) return admitRow(row, clientAddress, now);
      for (const [index, one] of salts.entries()) {
        const digest = pepperedHash(sha256, one);
        const match = byHash.get(digest.toString('base64'));
        if (match === undefined || !timingSafeEqual(match.hash, digest)) continue;
        // Known in clear only now: the hash under the salt in force can be made.
        if (index > 0 && match.use !== undefined)
          match.use.rehash = pepperedHash(sha256, salt).toString('hex');
        found.set(sha256, match);
        return admitRow(match, clientAddress, now);
      }
      return 'invalid';
    },
    holds(principal, clientAddress, now) {
      const row = byId.get(principal.id);
      if (row === undefined || refusalOf(row, clientAddress, now) !== undefined) return false;
      return hasSameRights(row.principal, principal);
    },
    named(idOrName) {
      const row = byId.get(idOrName) ?? byName.get(idOrName);
      if (row === undefined) return undefined;
      const { principal, usesDefaults } = row;
      return { principal, usesDefaults, refusal: (address, now) => refusalOf(row, address, now) };
    },
    size: byHash.size,
  };
}

function admitRow(row: KeyRow, clientAddress: string, now: number): Principal | KeyFailure {
  const refused = refusalOf(row, clientAddress, now);
  if (refused !== undefined) return refused;
  if (row.use !== undefined) row.use.at = now;
  return row.principal;
}

function refusalOf(row: KeyRow, clientAddress: string, now: number): KeyFailure | undefined {
  if (!row.enabled) return 'disabled';
  if (now < row.notBefore) return 'not_yet_valid';
  if (now >= row.expiresAt) return 'expired';
  if (!row.allowedIps.isEmpty && !row.allowedIps.has(clientAddress)) return 'address';
  return undefined;
}

/** A reload makes new objects of the same rights. */
function hasSameRights(one: Principal, other: Principal): boolean {
  if (one.permissions === other.permissions && one.roles === other.roles) return true;
  return isDeepStrictEqual([one.permissions, one.roles], [other.permissions, other.roles]);
}

function definitionRows({ definitionKeys, permissions, salt }: KeyTableOptions): readonly KeyRow[] {
  return definitionKeys.flatMap((key): KeyRow[] => {
    const sha256 = key.key === undefined ? key.keyHash?.slice('sha256:'.length) : sha256Hex(key.key);
    // The loader has refused an entry with neither; here it must not become the hash of nothing.
    if (sha256 === undefined) return [];
    return [definitionRow(key, pepperedHash(sha256, salt), permissions)];
  });
}

function definitionRow(key: ApiKey, digest: Buffer, permissions: Security['permissions']): KeyRow {
  const roles = key.roles ?? [];
  return {
    hash: digest,
    principal: {
      type: 'key',
      id: key.name,
      name: key.name,
      tenantId: key.tenant ?? DEFAULT_TENANT,
      roles,
      permissions: ownOrDefault(key.permissions, roles, permissions),
      ...(key.tier === undefined ? {} : { tier: key.tier }),
      ...(key.rateLimit === undefined ? {} : { rateLimit: key.rateLimit }),
    },
    usesDefaults: key.permissions === undefined && roles.length === 0,
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
      tenantId: key.tenantId,
      ...(key.tenantIds.length === 0 ? {} : { tenants: [key.tenantId, ...key.tenantIds] }),
      roles: key.roles,
      permissions: ownOrDefault(key.permissions, key.roles, permissions),
      ...(key.tier === undefined ? {} : { tier: key.tier }),
      ...(key.rateLimit === undefined ? {} : { rateLimit: key.rateLimit }),
    },
    usesDefaults: key.permissions === undefined && key.roles.length === 0,
    enabled: key.enabled && key.revokedAt === undefined,
    notBefore: key.notBefore ?? Number.NEGATIVE_INFINITY,
    expiresAt: key.expiresAt ?? Number.POSITIVE_INFINITY,
    allowedIps: parseAddressList(key.allowedIps),
    use: key.use,
  };
}

/** Default grants are for those who carry nothing of their own: a role must not be widened by them (governance §4). */
function ownOrDefault(
  own: readonly string[] | undefined,
  roles: readonly string[],
  { authenticated }: Security['permissions'],
): readonly string[] {
  return own ?? (roles.length === 0 ? authenticated : []);
}

function parseTime(time: number | string | undefined, fallback: number): number {
  if (time === undefined) return fallback;
  return typeof time === 'number' ? time : Date.parse(time);
}
