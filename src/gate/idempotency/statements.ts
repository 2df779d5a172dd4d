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

/** Exactly one of all who try gets its row in; the others change nothing. */
export const reserveKey = tenantStatement(
  'idempotency.reserve',
  `INSERT INTO idempotency_keys
     (id, created_at, updated_at, tenant_id, key, operation, request_hash, status, locked_until, expires_at, request_id, principal)
   VALUES (:id, :now, :now, :tenant, :key, :operation, :hash, 'processing', :locked_until, :expires_at, :request_id, :principal)
   ON CONFLICT (tenant_id, operation, key) DO NOTHING`,
);

export const findKey = tenantStatement<KeyRow>(
  'idempotency.find',
  `SELECT id, created_at, request_hash, status, encoding, result, error, locked_until, expires_at, request_id, principal
   FROM idempotency_keys WHERE tenant_id = :tenant AND operation = :operation AND key = :key`,
);

/** `id` is the reservation: who lost it to somebody else changes nothing any more. */
export const settleKey = tenantStatement(
  'idempotency.settle',
  `UPDATE idempotency_keys
   SET status = :status, encoding = :encoding, result = :result, error = :error, updated_at = :now
   WHERE tenant_id = :tenant AND operation = :operation AND key = :key AND id = :id
     AND status IN ('processing', 'unknown')`,
);

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
