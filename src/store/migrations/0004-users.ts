// People who log in here: accounts, their logins, invitations, and failed attempts (governance §3, local login).
import { type Migration, systemTable, tenantTable } from './migration.ts';

const USERS = (integer: string) => `CREATE TABLE users (
  tenant_id TEXT NOT NULL REFERENCES tenants (id),
  id TEXT NOT NULL,
  email TEXT NOT NULL,
  name TEXT,
  password_hash TEXT NOT NULL,
  roles TEXT NOT NULL DEFAULT '[]',
  permissions TEXT NOT NULL DEFAULT '[]',
  enabled ${integer} NOT NULL DEFAULT 1,
  created_by TEXT,
  created_at ${integer} NOT NULL,
  updated_at ${integer} NOT NULL,
  PRIMARY KEY (tenant_id, id)
)`;

/** One login on one device: a family of refresh tokens, of which only the newest is good. */
const LOGINS = (integer: string) => `CREATE TABLE user_logins (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  token_hash TEXT NOT NULL,
  created_at ${integer} NOT NULL,
  expires_at ${integer} NOT NULL,
  revoked_at ${integer},
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
)`;

const INVITATIONS = (integer: string) => `CREATE TABLE invitations (
  tenant_id TEXT NOT NULL REFERENCES tenants (id),
  id TEXT NOT NULL,
  token_hash TEXT NOT NULL,
  email TEXT NOT NULL,
  roles TEXT NOT NULL DEFAULT '[]',
  permissions TEXT NOT NULL DEFAULT '[]',
  created_by TEXT,
  created_at ${integer} NOT NULL,
  expires_at ${integer} NOT NULL,
  accepted_at ${integer},
  PRIMARY KEY (tenant_id, id)
)`;

/** Of every name that was tried, whether there is such an account or not: a lock must not tell. */
const ATTEMPTS = (integer: string) => `CREATE TABLE login_attempts (
  subject TEXT PRIMARY KEY,
  failures ${integer} NOT NULL,
  since ${integer} NOT NULL,
  locked_until ${integer} NOT NULL
)`;

/** Each of these is looked up before its tenant is known. */
const INDEXES = [
  'CREATE UNIQUE INDEX users_email ON users (email)',
  'CREATE UNIQUE INDEX user_logins_id ON user_logins (id)',
  'CREATE INDEX user_logins_user ON user_logins (tenant_id, user_id)',
  'CREATE INDEX user_logins_expiry ON user_logins (expires_at)',
  'CREATE UNIQUE INDEX invitations_token ON invitations (token_hash)',
  'CREATE INDEX login_attempts_since ON login_attempts (since)',
];

const tables = (integer: string) => [
  USERS(integer),
  LOGINS(integer),
  INVITATIONS(integer),
  ATTEMPTS(integer),
  ...INDEXES,
];
const DROPS = ['login_attempts', 'invitations', 'user_logins', 'users'].map((table) => `DROP TABLE ${table}`);

export const users: Migration = {
  id: 4,
  name: 'users',
  up: {
    sqlite: tables('INTEGER'),
    postgres: [
      ...tables('BIGINT'),
      ...tenantTable('users'),
      ...tenantTable('user_logins'),
      ...tenantTable('invitations'),
      ...systemTable('login_attempts'),
    ],
  },
  down: { sqlite: DROPS, postgres: DROPS },
};
