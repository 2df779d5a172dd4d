// Authorizations of callers at upstreams: what they granted, who we are there, and rounds under way.
import { type Migration, systemTable } from './migration.ts';

/** `value` is sealed by the data key `key_id`. */
const UPSTREAM_OAUTH = (integer: string) => `CREATE TABLE upstream_oauth (
  kind TEXT NOT NULL CHECK (kind IN ('grant', 'client', 'round')),
  place TEXT NOT NULL,
  subject TEXT NOT NULL,
  key_id TEXT NOT NULL,
  value TEXT NOT NULL,
  expires_at ${integer} NOT NULL,
  updated_at ${integer} NOT NULL,
  PRIMARY KEY (kind, place, subject)
)`;

const BY_EXPIRY = 'CREATE INDEX upstream_oauth_expires_at ON upstream_oauth (expires_at)';
const DOWN = ['DROP TABLE upstream_oauth'];

export const upstreamOAuth: Migration = {
  id: 16,
  name: 'upstream_oauth',
  up: {
    sqlite: [UPSTREAM_OAUTH('INTEGER'), BY_EXPIRY],
    postgres: [UPSTREAM_OAUTH('BIGINT'), BY_EXPIRY, ...systemTable('upstream_oauth')],
  },
  down: { sqlite: DOWN, postgres: DOWN },
};
