// Sessions of the legacy era that outlive the process that holds them, with what their clients may still ask for.
import { type Migration, tenantTable } from './migration.ts';

/** `id` is the hash of what the client sends; `capabilities` and `subscriptions` are JSON. An empty owner has let go. */
const SESSIONS = (integer: string) => `CREATE TABLE sessions (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  owner TEXT NOT NULL,
  epoch ${integer} NOT NULL,
  server TEXT NOT NULL,
  principal TEXT NOT NULL,
  version TEXT NOT NULL,
  protocol_version TEXT NOT NULL,
  capabilities TEXT NOT NULL,
  log_level TEXT,
  subscriptions TEXT NOT NULL,
  client_address TEXT NOT NULL,
  idle_ms ${integer} NOT NULL,
  created_at ${integer} NOT NULL,
  used_at ${integer} NOT NULL,
  dropped ${integer} NOT NULL,
  PRIMARY KEY (tenant_id, id)
)`;

/** `sequence` is unique in its session and grows; `message` is a whole JSON-RPC message. */
const EVENTS = (integer: string) => `CREATE TABLE session_events (
  tenant_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  sequence ${integer} NOT NULL,
  stream TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (tenant_id, session_id, sequence)
)`;

/** A session is looked for before its caller is known. */
const BY_ID = 'CREATE UNIQUE INDEX sessions_by_id ON sessions (id)';
const BY_OWNER = 'CREATE INDEX sessions_by_owner ON sessions (owner)';

export const sessions: Migration = {
  id: 13,
  name: 'sessions',
  up: {
    sqlite: [SESSIONS('INTEGER'), EVENTS('INTEGER'), BY_ID, BY_OWNER],
    postgres: [
      SESSIONS('BIGINT'),
      EVENTS('BIGINT'),
      BY_ID,
      BY_OWNER,
      ...tenantTable('sessions'),
      ...tenantTable('session_events'),
    ],
  },
  down: {
    sqlite: ['DROP TABLE session_events', 'DROP TABLE sessions'],
    postgres: ['DROP TABLE session_events', 'DROP TABLE sessions'],
  },
};
