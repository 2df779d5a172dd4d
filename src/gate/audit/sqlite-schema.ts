// The tables of the embedded audit file. PostgreSQL has the same ones by a migration of the store.

/** Raised when a table changes; a file of another version is refused, not guessed at. */
export const AUDIT_SCHEMA_VERSION = 1;

/** What refuses every change to what was recorded; only what a signed anchor covers may be removed. */
const appendOnly = (table: string) => `
CREATE TRIGGER ${table}_no_update BEFORE UPDATE ON ${table}
BEGIN SELECT RAISE(ABORT, '${table} is append-only'); END;
CREATE TRIGGER ${table}_no_delete BEFORE DELETE ON ${table}
BEGIN SELECT RAISE(ABORT, '${table} is append-only'); END;`;

/** Creates everything; governance §8.1 with the writer of each chain. */
export const AUDIT_SCHEMA = `
CREATE TABLE audit_logs (
  writer TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  event_type TEXT NOT NULL,
  result TEXT NOT NULL,
  action TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  resource_id TEXT,
  user_id TEXT,
  api_key_name TEXT,
  tool_name TEXT,
  session_id TEXT,
  permissions TEXT,
  request_id TEXT,
  ip_address TEXT,
  user_agent TEXT,
  duration_ms REAL,
  arguments_hash TEXT,
  changes TEXT,
  metadata TEXT,
  prev_hash TEXT NOT NULL,
  hash TEXT NOT NULL,
  updated_at INTEGER GENERATED ALWAYS AS (created_at) VIRTUAL,
  PRIMARY KEY (tenant_id, writer, seq)
) STRICT;
CREATE UNIQUE INDEX audit_logs_id ON audit_logs (id);
CREATE INDEX audit_logs_time ON audit_logs (tenant_id, created_at DESC, id DESC);
CREATE INDEX audit_logs_resource ON audit_logs (tenant_id, resource_type, resource_id);
CREATE INDEX audit_logs_action ON audit_logs (tenant_id, action);
CREATE INDEX audit_logs_user ON audit_logs (user_id, created_at) WHERE user_id IS NOT NULL;
CREATE INDEX audit_logs_event_type ON audit_logs (event_type);
CREATE INDEX audit_logs_request ON audit_logs (request_id) WHERE request_id IS NOT NULL;
CREATE TRIGGER audit_logs_no_update BEFORE UPDATE ON audit_logs
BEGIN SELECT RAISE(ABORT, 'audit_logs is append-only'); END;
CREATE TRIGGER audit_logs_retention BEFORE DELETE ON audit_logs
WHEN NOT EXISTS (
  SELECT 1 FROM audit_anchors a
  WHERE a.writer = OLD.writer AND a.tenant_id = OLD.tenant_id AND a.seq >= OLD.seq)
BEGIN SELECT RAISE(ABORT, 'audit_logs is append-only'); END;

CREATE TABLE audit_heads (
  writer TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  key_id TEXT NOT NULL,
  mac TEXT NOT NULL,
  PRIMARY KEY (writer, tenant_id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER audit_heads_forward BEFORE UPDATE ON audit_heads WHEN NEW.seq < OLD.seq
BEGIN SELECT RAISE(ABORT, 'audit_heads only grow'); END;
CREATE TRIGGER audit_heads_no_delete BEFORE DELETE ON audit_heads
BEGIN SELECT RAISE(ABORT, 'audit_heads only grow'); END;

CREATE TABLE audit_checkpoints (
  writer TEXT NOT NULL,
  number INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  heads TEXT NOT NULL,
  links TEXT NOT NULL,
  prev_hash TEXT NOT NULL,
  hash TEXT NOT NULL,
  key_id TEXT NOT NULL,
  signature TEXT NOT NULL,
  PRIMARY KEY (writer, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_checkpoints_time ON audit_checkpoints (created_at DESC, number DESC);
${appendOnly('audit_checkpoints')}

CREATE TABLE audit_anchors (
  writer TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL,
  removed INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  cutoff INTEGER NOT NULL,
  key_id TEXT NOT NULL,
  signature TEXT NOT NULL,
  PRIMARY KEY (writer, tenant_id, seq)
) STRICT, WITHOUT ROWID;
${appendOnly('audit_anchors')}

CREATE TABLE audit_cursors (
  receiver TEXT NOT NULL,
  writer TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (receiver, writer, tenant_id)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = ${AUDIT_SCHEMA_VERSION};`;
