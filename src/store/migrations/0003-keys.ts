// API keys: governance §2. The key itself is never stored, only its peppered hash.
import { type Migration, tenantTable } from './migration.ts';

const API_KEYS = (integer: string) => `CREATE TABLE api_keys (
  tenant_id TEXT NOT NULL REFERENCES tenants (id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  permissions TEXT,
  roles TEXT NOT NULL DEFAULT '[]',
  rate_limit TEXT,
  tier TEXT,
  enabled ${integer} NOT NULL DEFAULT 1,
  expires_at ${integer},
  not_before ${integer},
  tenant_ids TEXT NOT NULL DEFAULT '[]',
  allowed_ips TEXT NOT NULL DEFAULT '[]',
  revoked_at ${integer},
  created_at ${integer} NOT NULL,
  created_by TEXT,
  last_used_at ${integer},
  rotated_from TEXT,
  PRIMARY KEY (tenant_id, id)
)`;

/** A key is looked up before its tenant is known. */
const BY_HASH = 'CREATE UNIQUE INDEX api_keys_hash ON api_keys (key_hash)';
const BY_ID = 'CREATE UNIQUE INDEX api_keys_id ON api_keys (id)';

export const keys: Migration = {
  id: 3,
  name: 'keys',
  up: {
    sqlite: [API_KEYS('INTEGER'), BY_HASH, BY_ID],
    postgres: [API_KEYS('BIGINT'), BY_HASH, BY_ID, ...tenantTable('api_keys')],
  },
  down: { sqlite: ['DROP TABLE api_keys'], postgres: ['DROP TABLE api_keys'] },
};
