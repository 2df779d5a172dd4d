-- The store's schema on SQLite after all migrations. Made by `npm run generate`; not read by the product.

CREATE TABLE api_keys (
  tenant_id TEXT NOT NULL REFERENCES tenants (id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  permissions TEXT,
  roles TEXT NOT NULL DEFAULT '[]',
  rate_limit TEXT,
  tier TEXT,
  enabled INTEGER NOT NULL DEFAULT 1,
  expires_at INTEGER,
  not_before INTEGER,
  tenant_ids TEXT NOT NULL DEFAULT '[]',
  allowed_ips TEXT NOT NULL DEFAULT '[]',
  revoked_at INTEGER,
  created_at INTEGER NOT NULL,
  created_by TEXT,
  last_used_at INTEGER,
  rotated_from TEXT,
  PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX api_keys_hash ON api_keys (key_hash);

CREATE UNIQUE INDEX api_keys_id ON api_keys (id);

CREATE TABLE approvals (
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  tenant_id TEXT NOT NULL,
  operation TEXT NOT NULL,
  binding TEXT NOT NULL CHECK (length(binding) = 64),
  requester TEXT NOT NULL,
  requester_name TEXT NOT NULL,
  arguments TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'granted', 'denied', 'used', 'expired')),
  by_requester INTEGER NOT NULL DEFAULT 0,
  decided_by TEXT,
  decided_at INTEGER,
  expires_at INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
);

CREATE INDEX approvals_expires_at ON approvals (expires_at);

CREATE UNIQUE INDEX approvals_open ON approvals (tenant_id, binding) WHERE status IN ('pending', 'granted');

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
);

CREATE TRIGGER audit_anchors_no_delete BEFORE DELETE ON audit_anchors BEGIN SELECT RAISE(ABORT, 'audit_anchors is append-only'); END;

CREATE TRIGGER audit_anchors_no_update BEFORE UPDATE ON audit_anchors BEGIN SELECT RAISE(ABORT, 'audit_anchors is append-only'); END;

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
);

CREATE TRIGGER audit_checkpoints_no_delete BEFORE DELETE ON audit_checkpoints BEGIN SELECT RAISE(ABORT, 'audit_checkpoints is append-only'); END;

CREATE TRIGGER audit_checkpoints_no_update BEFORE UPDATE ON audit_checkpoints BEGIN SELECT RAISE(ABORT, 'audit_checkpoints is append-only'); END;

CREATE INDEX audit_checkpoints_time ON audit_checkpoints (created_at DESC, number DESC);

CREATE TABLE audit_cursors (
  receiver TEXT NOT NULL,
  writer TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (receiver, writer, tenant_id)
);

CREATE TABLE audit_heads (
  writer TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  key_id TEXT NOT NULL,
  mac TEXT NOT NULL,
  PRIMARY KEY (writer, tenant_id)
);

CREATE TRIGGER audit_heads_forward BEFORE UPDATE ON audit_heads WHEN NEW.seq < OLD.seq BEGIN SELECT RAISE(ABORT, 'audit_heads is append-only'); END;

CREATE TRIGGER audit_heads_no_delete BEFORE DELETE ON audit_heads BEGIN SELECT RAISE(ABORT, 'audit_heads is append-only'); END;

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
);

CREATE INDEX audit_logs_action ON audit_logs (tenant_id, action, created_at DESC) WHERE action <> 'tools/call';

CREATE INDEX audit_logs_event_type ON audit_logs (tenant_id, event_type, created_at DESC) WHERE event_type <> 'tool.executed';

CREATE TRIGGER audit_logs_no_update BEFORE UPDATE ON audit_logs BEGIN SELECT RAISE(ABORT, 'audit_logs is append-only'); END;

CREATE INDEX audit_logs_request ON audit_logs (request_id) WHERE request_id IS NOT NULL;

CREATE INDEX audit_logs_resource ON audit_logs (tenant_id, resource_type, resource_id, created_at DESC);

CREATE TRIGGER audit_logs_retention BEFORE DELETE ON audit_logs WHEN NOT EXISTS (SELECT 1 FROM audit_anchors a WHERE a.writer = OLD.writer AND a.tenant_id = OLD.tenant_id AND a.seq >= OLD.seq) BEGIN SELECT RAISE(ABORT, 'audit_logs is append-only'); END;

CREATE INDEX audit_logs_time ON audit_logs (tenant_id, created_at DESC, id DESC);

CREATE INDEX audit_logs_user ON audit_logs (user_id, created_at) WHERE user_id IS NOT NULL;

CREATE TABLE code_index_wishes (
  id TEXT PRIMARY KEY,
  wanted INTEGER NOT NULL,
  asked_by TEXT NOT NULL
);

CREATE TABLE code_indexes (
  id TEXT PRIMARY KEY,
  root TEXT NOT NULL,
  scheme TEXT NOT NULL,
  generation INTEGER NOT NULL,
  files INTEGER NOT NULL,
  branch TEXT,
  commit_id TEXT,
  indexed_at INTEGER,
  building_until INTEGER,
  problem TEXT
, node TEXT NOT NULL DEFAULT '', reached INTEGER NOT NULL DEFAULT 0, owner TEXT);

CREATE TABLE code_nodes (
  id TEXT PRIMARY KEY,
  seen_at INTEGER NOT NULL
);

CREATE TABLE code_repositories (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  path TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('reference', 'temporary', 'external')),
  language TEXT,
  purpose TEXT NOT NULL,
  project TEXT,
  description TEXT,
  metadata TEXT NOT NULL,
  url TEXT,
  branch TEXT,
  added_at INTEGER NOT NULL,
  cleanup_after INTEGER NOT NULL,
  warned_at INTEGER,
  removed_at INTEGER, commit_id TEXT,
  PRIMARY KEY (tenant_id, id)
);

CREATE INDEX code_repositories_cleanup_after ON code_repositories (cleanup_after);

CREATE UNIQUE INDEX code_repositories_path ON code_repositories (tenant_id, path) WHERE removed_at IS NULL;

CREATE TABLE encryption_keys (
  id TEXT PRIMARY KEY,
  master_key_id TEXT NOT NULL,
  wrapped TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  retired_at INTEGER
);

CREATE TABLE flags (
  key TEXT PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 64),
  type TEXT NOT NULL CHECK (type IN ('release', 'ops', 'permission')),
  description TEXT NOT NULL,
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  percent INTEGER CHECK (percent BETWEEN 0 AND 100),
  percent_of TEXT NOT NULL CHECK (percent_of IN ('user', 'tenant')),
  tenants TEXT NOT NULL,
  users TEXT NOT NULL,
  keys TEXT NOT NULL,
  environments TEXT NOT NULL,
  fallback INTEGER NOT NULL CHECK (fallback IN (0, 1)),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
);

CREATE TABLE idempotency_keys (
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  tenant_id TEXT NOT NULL,
  key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  operation TEXT NOT NULL CHECK (length(operation) BETWEEN 1 AND 100),
  request_hash TEXT NOT NULL CHECK (length(request_hash) = 64),
  status TEXT NOT NULL CHECK (status IN ('processing', 'completed', 'failed', 'unknown')),
  encoding TEXT NOT NULL DEFAULT 'json' CHECK (encoding IN ('json', 'gzip')),
  result TEXT,
  error TEXT,
  locked_until INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  principal TEXT NOT NULL,
  PRIMARY KEY (key, operation, tenant_id)
);

CREATE INDEX idempotency_keys_expires_at ON idempotency_keys (expires_at);

CREATE TABLE invitations (
  tenant_id TEXT NOT NULL REFERENCES tenants (id),
  id TEXT NOT NULL,
  token_hash TEXT NOT NULL,
  email TEXT NOT NULL,
  roles TEXT NOT NULL DEFAULT '[]',
  permissions TEXT NOT NULL DEFAULT '[]',
  created_by TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  accepted_at INTEGER,
  PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX invitations_token ON invitations (token_hash);

CREATE TABLE job_schedules (
  name TEXT PRIMARY KEY,
  next_at INTEGER NOT NULL
);

CREATE TABLE jobs (
  tenant_id TEXT NOT NULL REFERENCES tenants (id),
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('waiting', 'running', 'succeeded', 'failed', 'cancelled')),
  priority INTEGER NOT NULL DEFAULT 0,
  unique_key TEXT,
  run_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  attempts_max INTEGER NOT NULL,
  lease_token TEXT,
  lease_until INTEGER,
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  progress REAL NOT NULL DEFAULT 0,
  checkpoint TEXT,
  result TEXT,
  error TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  finished_at INTEGER,
  PRIMARY KEY (tenant_id, id)
);

CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;

CREATE INDEX jobs_running ON jobs (lease_until) WHERE status = 'running';

CREATE UNIQUE INDEX jobs_unique ON jobs (tenant_id, kind, unique_key) WHERE unique_key IS NOT NULL AND status IN ('waiting', 'running');

CREATE INDEX jobs_waiting ON jobs (run_at) WHERE status = 'waiting';

CREATE TABLE kept_secrets (
  tenant_id TEXT NOT NULL,
  name TEXT NOT NULL,
  key_id TEXT NOT NULL REFERENCES encryption_keys (id),
  value TEXT NOT NULL,
  version INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, name)
);

CREATE INDEX kept_secrets_by_key ON kept_secrets (key_id);

CREATE INDEX kept_secrets_ends_at ON kept_secrets (ends_at);

CREATE TABLE login_attempts (
  subject TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  since INTEGER NOT NULL,
  locked_until INTEGER NOT NULL
);

CREATE INDEX login_attempts_since ON login_attempts (since);

CREATE TABLE rollout_samples (
  slug TEXT NOT NULL,
  canary TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  slow INTEGER NOT NULL,
  PRIMARY KEY (slug, canary, started_at)
);

CREATE TABLE rollouts (
  slug TEXT PRIMARY KEY,
  stable TEXT NOT NULL,
  canary TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('running', 'paused', 'promoted', 'aborted')),
  stage INTEGER NOT NULL CHECK (stage >= 0),
  weight INTEGER NOT NULL CHECK (weight BETWEEN 0 AND 100),
  calm_since INTEGER NOT NULL,
  failed INTEGER NOT NULL CHECK (failed >= 0),
  analysed_until INTEGER NOT NULL,
  reason TEXT NOT NULL,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
);

CREATE TABLE schema_migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL);

CREATE TABLE secret_ages (
  name TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  since INTEGER NOT NULL
);

CREATE TABLE secrets (
  tenant_id TEXT NOT NULL,
  name TEXT NOT NULL,
  key_id TEXT NOT NULL REFERENCES encryption_keys (id),
  value TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT,
  PRIMARY KEY (tenant_id, name)
);

CREATE INDEX secrets_by_key ON secrets (key_id);

CREATE TABLE session_events (
  tenant_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  stream TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (tenant_id, session_id, sequence)
);

CREATE TABLE sessions (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  owner TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  server TEXT NOT NULL,
  principal TEXT NOT NULL,
  version TEXT NOT NULL,
  protocol_version TEXT NOT NULL,
  capabilities TEXT NOT NULL,
  log_level TEXT,
  subscriptions TEXT NOT NULL,
  client_address TEXT NOT NULL,
  idle_ms INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  dropped INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX sessions_by_id ON sessions (id);

CREATE INDEX sessions_by_owner ON sessions (owner);

CREATE TABLE store_changes (
  topic TEXT PRIMARY KEY,
  counter INTEGER NOT NULL
);

CREATE TABLE tasks (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  server TEXT NOT NULL,
  tool TEXT NOT NULL,
  principal TEXT NOT NULL,
  caller TEXT NOT NULL,
  arguments TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('working', 'input_required', 'completed', 'failed', 'cancelled')),
  status_message TEXT,
  ttl_ms INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  requests TEXT NOT NULL,
  answers TEXT NOT NULL,
  outcome TEXT,
  owner TEXT NOT NULL,
  lease_until INTEGER NOT NULL,
  is_resumable INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
);

CREATE INDEX tasks_by_principal ON tasks (tenant_id, principal, server, created_at);

CREATE INDEX tasks_expires_at ON tasks (expires_at);

CREATE INDEX tasks_lease_until ON tasks (lease_until) WHERE status = 'working';

CREATE TABLE tenants (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  slug TEXT NOT NULL UNIQUE,
  contact_email TEXT,
  is_active INTEGER NOT NULL DEFAULT 1,
  settings TEXT NOT NULL DEFAULT '{}',
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);

CREATE TABLE upstream_oauth (
  kind TEXT NOT NULL CHECK (kind IN ('grant', 'client', 'round')),
  place TEXT NOT NULL,
  subject TEXT NOT NULL,
  key_id TEXT NOT NULL,
  value TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (kind, place, subject)
);

CREATE INDEX upstream_oauth_expires_at ON upstream_oauth (expires_at);

CREATE TABLE upstream_tools (
  server TEXT NOT NULL,
  upstream TEXT NOT NULL,
  tool TEXT NOT NULL,
  approved_hash TEXT,
  approved TEXT,
  seen_hash TEXT NOT NULL,
  seen TEXT NOT NULL,
  seen_at INTEGER NOT NULL,
  decided_at INTEGER,
  decided_by TEXT,
  PRIMARY KEY (server, upstream, tool)
);

CREATE TABLE user_logins (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  token_hash TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX user_logins_expiry ON user_logins (expires_at);

CREATE UNIQUE INDEX user_logins_id ON user_logins (id);

CREATE INDEX user_logins_user ON user_logins (tenant_id, user_id);

CREATE TABLE users (
  tenant_id TEXT NOT NULL REFERENCES tenants (id),
  id TEXT NOT NULL,
  email TEXT NOT NULL,
  name TEXT,
  password_hash TEXT NOT NULL,
  roles TEXT NOT NULL DEFAULT '[]',
  permissions TEXT NOT NULL DEFAULT '[]',
  enabled INTEGER NOT NULL DEFAULT 1,
  created_by TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX users_email ON users (email);
