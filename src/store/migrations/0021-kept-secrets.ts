// The value before a rotation of a stored secret, sealed as it was, so that it can be put back for a while.
import { type Migration, tenantTable } from './migration.ts';

/** The reference keeps the data key: the value is not sealed anew when data keys change. */
const KEPT_SECRETS = (integer: string) => `CREATE TABLE kept_secrets (
  tenant_id TEXT NOT NULL,
  name TEXT NOT NULL,
  key_id TEXT NOT NULL REFERENCES encryption_keys (id),
  value TEXT NOT NULL,
  version ${integer} NOT NULL,
  ends_at ${integer} NOT NULL,
  PRIMARY KEY (tenant_id, name)
)`;
const INDEXES = [
  'CREATE INDEX kept_secrets_by_key ON kept_secrets (key_id)',
  'CREATE INDEX kept_secrets_ends_at ON kept_secrets (ends_at)',
];
const DOWN = ['DROP TABLE kept_secrets'];

export const keptSecrets: Migration = {
  id: 21,
  name: 'kept_secrets',
  up: {
    sqlite: [KEPT_SECRETS('INTEGER'), ...INDEXES],
    postgres: [KEPT_SECRETS('BIGINT'), ...INDEXES, ...tenantTable('kept_secrets')],
  },
  down: { sqlite: DOWN, postgres: DOWN },
};
