// What the gate asks and tells the store about keys; one row per tenant, operation and key.
import { systemStatement, tenantStatement } from '../../store/statement.ts';

/** One row as it is read. Times are epoch milliseconds. */
export interface KeyRow {
  readonly id: string;
  readonly created_at: number;
  readonly request_hash: string;
  readonly status: 'processing' | 'completed' | 'failed' | 'unknown';
  readonly encoding: 'json' | 'gzip';
  readonly result: string | null;
  readonly error: string | null;
  readonly locked_until: number;
  readonly expires_at: number;
  readonly request_id: string;
  readonly principal: string;
}

/**
 * Exactly one of all who try gets its row in; the others change nothing. `rows` is a JSON array of objects whose members
 * are named as the columns; answers the ids that got in.
 */
export const reserveKeys = tenantStatement<{ readonly id: string }>('idempotency.reserve', {
  sqlite: `INSERT INTO idempotency_keys
     (id, created_at, updated_at, tenant_id, key, operation, request_hash, status, locked_until, expires_at, request_id, principal)
   SELECT value ->> 'id', value ->> 'created_at', value ->> 'created_at', :tenant, value ->> 'key', value ->> 'operation',
     value ->> 'request_hash', 'processing', value ->> 'locked_until', value ->> 'expires_at', value ->> 'request_id',
     value ->> 'principal'
   FROM json_each(:rows) WHERE true
   ON CONFLICT (tenant_id, operation, key) DO NOTHING RETURNING id`,
  postgres: `INSERT INTO idempotency_keys
     (id, created_at, updated_at, tenant_id, key, operation, request_hash, status, locked_until, expires_at, request_id, principal)
   SELECT id, created_at, created_at, :tenant, key, operation, request_hash, 'processing', locked_until, expires_at,
     request_id, principal
   FROM json_to_recordset(CAST(:rows AS JSON)) AS row(id TEXT, created_at BIGINT, key TEXT, operation TEXT,
     request_hash TEXT, locked_until BIGINT, expires_at BIGINT, request_id TEXT, principal TEXT)
   ON CONFLICT (tenant_id, operation, key) DO NOTHING RETURNING id`,
});

export const findKey = tenantStatement<KeyRow>(
  'idempotency.find',
  `SELECT id, created_at, request_hash, status, encoding, result, error, locked_until, expires_at, request_id, principal
   FROM idempotency_keys WHERE tenant_id = :tenant AND operation = :operation AND key = :key`,
);

/**
 * `id` is the reservation: who lost it to somebody else changes nothing any more. `rows` as in {@link reserveKeys}.
 * PostgreSQL is told the keys before the join, so that no plan can walk through all of the table.
 */
export const settleKeys = tenantStatement<{ readonly id: string }>('idempotency.settle', {
  sqlite: `UPDATE idempotency_keys SET status = value ->> 'status', encoding = value ->> 'encoding',
     result = value ->> 'result', error = value ->> 'error', updated_at = value ->> 'updated_at',
     locked_until = COALESCE(value ->> 'locked_until', locked_until)
   FROM json_each(:rows)
   WHERE tenant_id = :tenant AND operation = value ->> 'operation' AND idempotency_keys.key = value ->> 'key'
     AND idempotency_keys.id = value ->> 'id' AND status IN ('processing', 'unknown')
   RETURNING idempotency_keys.id`,
  postgres: `UPDATE idempotency_keys AS kept SET status = row.status, encoding = row.encoding, result = row.result,
     error = row.error, updated_at = row.updated_at, locked_until = COALESCE(row.locked_until, kept.locked_until)
   FROM json_to_recordset(CAST(:rows AS JSON)) AS row(id TEXT, key TEXT, operation TEXT, status TEXT, encoding TEXT,
     result TEXT, error TEXT, updated_at BIGINT, locked_until BIGINT)
   WHERE kept.tenant_id = :tenant
     AND kept.key = ANY (ARRAY(SELECT key FROM json_to_recordset(CAST(:rows AS JSON)) AS a(key TEXT)))
     AND kept.operation = row.operation AND kept.key = row.key AND kept.id = row.id
     AND kept.status IN ('processing', 'unknown')
   RETURNING kept.id`,
});

export const releaseKey = tenantStatement(
  'idempotency.release',
  'DELETE FROM idempotency_keys WHERE tenant_id = :tenant AND operation = :operation AND key = :key AND id = :id',
);

/** The reservation of a call that nobody runs any more passes to whoever asks after it. */
export const takeOverKey = tenantStatement(
  'idempotency.takeOver',
  `UPDATE idempotency_keys SET id = :id, status = 'processing', locked_until = :locked_until, updated_at = :now
   WHERE tenant_id = :tenant AND operation = :operation AND key = :key AND id = :previous
     AND (status = 'unknown' OR (status = 'processing' AND locked_until <= :now))`,
);

export const renewKey = tenantStatement(
  'idempotency.renew',
  `UPDATE idempotency_keys SET locked_until = :locked_until
   WHERE tenant_id = :tenant AND operation = :operation AND key = :key AND id = :id AND status = 'processing'`,
);

/** A lease that passed without an end is an end that nobody knows. */
export const lapseKey = tenantStatement(
  'idempotency.lapse',
  `UPDATE idempotency_keys SET status = 'unknown', updated_at = :now
   WHERE tenant_id = :tenant AND operation = :operation AND key = :key AND id = :id
     AND status = 'processing' AND locked_until <= :now`,
);

/** An expired key is a new key. One whose call still runs stays. */
export const dropExpiredKey = tenantStatement(
  'idempotency.dropExpired',
  `DELETE FROM idempotency_keys
   WHERE tenant_id = :tenant AND operation = :operation AND key = :key AND expires_at <= :now
     AND (status <> 'processing' OR locked_until <= :now)`,
);

/** For the hourly clean-up. */
export const removeExpiredKeys = systemStatement(
  'idempotency.removeExpired',
  `DELETE FROM idempotency_keys
   WHERE expires_at <= :now AND (status <> 'processing' OR locked_until <= :now)`,
);
