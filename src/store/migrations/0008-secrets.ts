// Data keys, wrapped by the master key; secrets, sealed with a data key; and since when a secret is the same.
import { type Migration, systemTable, tenantTable } from './migration.ts';

const ENCRYPTION_KEYS = (integer: string) => `CREATE TABLE encryption_keys (
  id TEXT PRIMARY KEY,
  master_key_id TEXT NOT NULL,
  wrapped TEXT NOT NULL,
  created_at ${integer} NOT NULL,
  retired_at ${integer}
)`;

/** The reference keeps a data key from going while something is sealed with it. */
const SECRETS = (integer: string) => `CREATE TABLE secrets (
  tenant_id TEXT NOT NULL,
  name TEXT NOT NULL,
  key_id TEXT NOT NULL REFERENCES encryption_keys (id),
  value TEXT NOT NULL,
  version ${integer} NOT NULL,
  created_at ${integer} NOT NULL,
  updated_at ${integer} NOT NULL,
  updated_by TEXT,
  PRIMARY KEY (tenant_id, name)
)`;
const SECRETS_BY_KEY = 'CREATE INDEX secrets_by_key ON secrets (key_id)';

const SECRET_AGES = (integer: string) => `CREATE TABLE secret_ages (
  name TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  since ${integer} NOT NULL
)`;

const DOWN = ['DROP TABLE secret_ages', 'DROP TABLE secrets', 'DROP TABLE encryption_keys'];

export const secrets: Migration = {
  id: 8,
  name: 'secrets',
  up: {
    sqlite: [ENCRYPTION_KEYS('INTEGER'), SECRETS('INTEGER'), SECRETS_BY_KEY, SECRET_AGES('INTEGER')],
    postgres: [
      ENCRYPTION_KEYS('BIGINT'),
      ...systemTable('encryption_keys'),
      SECRETS('BIGINT'),
      SECRETS_BY_KEY,
      ...tenantTable('secrets'),
      SECRET_AGES('BIGINT'),
      ...systemTable('secret_ages'),
    ],
  },
  down: { sqlite: DOWN, postgres: DOWN },
};
