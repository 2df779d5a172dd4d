// What makes a call happen once: idempotency keys, and the approvals that people give.
import { type Migration, tenantTable } from './migration.ts';

/**
 * Governance §7. The key of a call comes first in the primary key: it alone tells rows apart, so that every plan that
 * goes by the index is a good one, also before a database knows how many keys a tenant has. `result` and `error` are
 * text, so that an answer comes back byte for byte as it was given.
 */
const IDEMPOTENCY_KEYS = (integer: string) => `CREATE TABLE idempotency_keys (
  id TEXT NOT NULL,
  created_at ${integer} NOT NULL,
  updated_at ${integer} NOT NULL,
  tenant_id TEXT NOT NULL,
  key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  operation TEXT NOT NULL CHECK (length(operation) BETWEEN 1 AND 100),
  request_hash TEXT NOT NULL CHECK (length(request_hash) = 64),
  status TEXT NOT NULL CHECK (status IN ('processing', 'completed', 'failed', 'unknown')),
  encoding TEXT NOT NULL DEFAULT 'json' CHECK (encoding IN ('json', 'gzip')),
  result TEXT,
  error TEXT,
  locked_until ${integer} NOT NULL,
  expires_at ${integer} NOT NULL,
  request_id TEXT NOT NULL,
  principal TEXT NOT NULL,
  PRIMARY KEY (key, operation, tenant_id)
)`;

const KEYS_BY_EXPIRY = 'CREATE INDEX idempotency_keys_expires_at ON idempotency_keys (expires_at)';

const APPROVALS = (integer: string) => `CREATE TABLE approvals (
  id TEXT NOT NULL,
  created_at ${integer} NOT NULL,
  updated_at ${integer} NOT NULL,
  tenant_id TEXT NOT NULL,
  operation TEXT NOT NULL,
  binding TEXT NOT NULL CHECK (length(binding) = 64),
  requester TEXT NOT NULL,
  requester_name TEXT NOT NULL,
  arguments TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'granted', 'denied', 'used', 'expired')),
  by_requester ${integer} NOT NULL DEFAULT 0,
  decided_by TEXT,
  decided_at ${integer},
  expires_at ${integer} NOT NULL,
  request_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
)`;

/** One open request per call: repeating it asks nobody twice. */
const OPEN_APPROVALS =
  "CREATE UNIQUE INDEX approvals_open ON approvals (tenant_id, binding) WHERE status IN ('pending', 'granted')";
const APPROVALS_BY_EXPIRY = 'CREATE INDEX approvals_expires_at ON approvals (expires_at)';

export const once: Migration = {
  id: 5,
  name: 'once',
  up: {
    sqlite: [
      IDEMPOTENCY_KEYS('INTEGER'),
      KEYS_BY_EXPIRY,
      APPROVALS('INTEGER'),
      OPEN_APPROVALS,
      APPROVALS_BY_EXPIRY,
    ],
    postgres: [
      IDEMPOTENCY_KEYS('BIGINT'),
      KEYS_BY_EXPIRY,
      ...tenantTable('idempotency_keys'),
      APPROVALS('BIGINT'),
      OPEN_APPROVALS,
      APPROVALS_BY_EXPIRY,
      ...tenantTable('approvals'),
    ],
  },
  down: {
    sqlite: ['DROP TABLE approvals', 'DROP TABLE idempotency_keys'],
    postgres: ['DROP TABLE approvals', 'DROP TABLE idempotency_keys'],
  },
};
