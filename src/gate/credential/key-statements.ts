// SQL over the table of API keys.
import { systemStatement, tenantStatement } from '../../store/statement.ts';

/** Announced by every write that changes who is let in. */
export const KEYS_TOPIC = 'keys';

/** What deciding about a request needs. */
export interface HotKeyRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly name: string;
  readonly key_hash: string;
  /** JSON arrays and objects; NULL: none of its own. */
  readonly permissions: string | null;
  readonly roles: string;
  readonly rate_limit: string | null;
  readonly tier: string | null;
  readonly enabled: number;
  readonly expires_at: number | null;
  readonly not_before: number | null;
  readonly tenant_ids: string;
  readonly allowed_ips: string;
  readonly revoked_at: number | null;
  readonly created_at: number;
}

/** All that is kept of a key. */
export interface ApiKeyRow extends HotKeyRow {
  readonly created_by: string | null;
  readonly last_used_at: number | null;
  readonly rotated_from: string | null;
}

const HOT_COLUMNS =
  'tenant_id, id, name, key_hash, permissions, roles, rate_limit, tier, enabled, expires_at, not_before, tenant_ids, allowed_ips, revoked_at, created_at';
const COLUMNS = `${HOT_COLUMNS}, created_by, last_used_at, rotated_from`;

/** Every key of every tenant: a credential is looked up before its tenant is known. */
export const loadKeys = systemStatement<HotKeyRow>(
  'keys.load',
  `SELECT ${HOT_COLUMNS} FROM api_keys ORDER BY created_at, id`,
);

/** For the operator at the command line, who names a key by its id alone. */
export const findKeyTenant = systemStatement<{ readonly tenant_id: string }>(
  'keys.find-tenant',
  'SELECT tenant_id FROM api_keys WHERE id = :id',
);

export const listAllKeys = systemStatement<ApiKeyRow>(
  'keys.list-all',
  `SELECT ${COLUMNS} FROM api_keys ORDER BY created_at, id`,
);

export const listKeys = tenantStatement<ApiKeyRow>(
  'keys.list',
  `SELECT ${COLUMNS} FROM api_keys WHERE tenant_id = :tenant ORDER BY created_at, id`,
);

export const getKey = tenantStatement<ApiKeyRow>(
  'keys.get',
  `SELECT ${COLUMNS} FROM api_keys WHERE tenant_id = :tenant AND id = :id`,
);

export const insertKey = tenantStatement(
  'keys.insert',
  `INSERT INTO api_keys (${COLUMNS})
   VALUES (:tenant, :id, :name, :key_hash, :permissions, :roles, :rate_limit, :tier, :enabled, :expires_at,
     :not_before, :tenant_ids, :allowed_ips, NULL, :created_at, :created_by, NULL, :rotated_from)`,
);

/** A revoked key stays as it is. */
export const updateKey = tenantStatement(
  'keys.update',
  `UPDATE api_keys SET name = :name, permissions = :permissions, roles = :roles, rate_limit = :rate_limit,
     tier = :tier, enabled = :enabled, expires_at = :expires_at, not_before = :not_before,
     tenant_ids = :tenant_ids, allowed_ips = :allowed_ips
   WHERE tenant_id = :tenant AND id = :id AND revoked_at IS NULL`,
);

/** Switches a key off for good. */
export const revokeKey = tenantStatement(
  'keys.revoke',
  `UPDATE api_keys SET enabled = 0, revoked_at = :now
   WHERE tenant_id = :tenant AND id = :id AND revoked_at IS NULL`,
);

/** The end of an overlap; never later than the key would have ended anyway. */
export const endKey = tenantStatement(
  'keys.end',
  `UPDATE api_keys SET expires_at = CASE WHEN expires_at <= :until THEN expires_at ELSE :until END
   WHERE tenant_id = :tenant AND id = :id AND revoked_at IS NULL`,
);

/** Written in batches; of several processes the latest use counts. */
export const touchKey = systemStatement(
  'keys.touch',
  `UPDATE api_keys SET last_used_at = :at
   WHERE tenant_id = :owner AND id = :id AND (last_used_at IS NULL OR last_used_at < :at)`,
);

/** A key that was presented under the salt in force, while its hash was made with the previous one. */
export const rehashKey = systemStatement(
  'keys.rehash',
  'UPDATE api_keys SET key_hash = :key_hash WHERE tenant_id = :owner AND id = :id AND key_hash = :previous_hash',
);
