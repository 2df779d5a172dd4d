-- The store's schema on PostgreSQL after all migrations. Made by `npm run generate`; not read by the product.

CREATE TABLE quayside.api_keys (
  tenant_id text NOT NULL,
  id text NOT NULL,
  name text NOT NULL,
  key_hash text NOT NULL,
  permissions text,
  roles text NOT NULL DEFAULT '[]'::text,
  rate_limit text,
  tier text,
  enabled bigint NOT NULL DEFAULT 1,
  expires_at bigint,
  not_before bigint,
  tenant_ids text NOT NULL DEFAULT '[]'::text,
  allowed_ips text NOT NULL DEFAULT '[]'::text,
  revoked_at bigint,
  created_at bigint NOT NULL,
  created_by text,
  last_used_at bigint,
  rotated_from text
);
CREATE TABLE quayside.approvals (
  id text NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  tenant_id text NOT NULL,
  operation text NOT NULL,
  binding text NOT NULL,
  requester text NOT NULL,
  requester_name text NOT NULL,
  arguments text NOT NULL,
  status text NOT NULL,
  by_requester bigint NOT NULL DEFAULT 0,
  decided_by text,
  decided_at bigint,
  expires_at bigint NOT NULL,
  request_id text NOT NULL
);
CREATE TABLE quayside.audit_anchors (
  writer text NOT NULL,
  tenant_id text NOT NULL,
  seq bigint NOT NULL,
  hash text NOT NULL,
  removed bigint NOT NULL,
  created_at bigint NOT NULL,
  cutoff bigint NOT NULL,
  key_id text NOT NULL,
  signature text NOT NULL
);
CREATE TABLE quayside.audit_checkpoints (
  writer text NOT NULL,
  number bigint NOT NULL,
  created_at bigint NOT NULL,
  heads text NOT NULL,
  links text NOT NULL,
  prev_hash text NOT NULL,
  hash text NOT NULL,
  key_id text NOT NULL,
  signature text NOT NULL
);
CREATE TABLE quayside.audit_cursors (
  receiver text NOT NULL,
  writer text NOT NULL,
  tenant_id text NOT NULL,
  seq bigint NOT NULL
);
CREATE TABLE quayside.audit_heads (
  writer text NOT NULL,
  tenant_id text NOT NULL,
  seq bigint NOT NULL,
  hash text NOT NULL,
  updated_at bigint NOT NULL,
  key_id text NOT NULL,
  mac text NOT NULL
);
CREATE TABLE quayside.audit_logs (
  writer text NOT NULL,
  tenant_id text NOT NULL,
  seq bigint NOT NULL,
  id text NOT NULL,
  created_at bigint NOT NULL,
  event_type text NOT NULL,
  result text NOT NULL,
  action text NOT NULL,
  resource_type text NOT NULL,
  resource_id text,
  user_id text,
  api_key_name text,
  tool_name text,
  session_id text,
  permissions jsonb,
  request_id text,
  ip_address text,
  user_agent text,
  duration_ms double precision,
  arguments_hash text,
  changes jsonb,
  metadata jsonb,
  prev_hash text NOT NULL,
  hash text NOT NULL,
  updated_at bigint DEFAULT created_at
);
CREATE TABLE quayside.code_index_wishes (
  id text NOT NULL,
  wanted bigint NOT NULL,
  asked_by text NOT NULL
);
CREATE TABLE quayside.code_indexes (
  id text NOT NULL,
  root text NOT NULL,
  scheme text NOT NULL,
  generation bigint NOT NULL,
  files bigint NOT NULL,
  branch text,
  commit_id text,
  indexed_at bigint,
  building_until bigint,
  problem text,
  node text NOT NULL DEFAULT ''::text,
  reached bigint NOT NULL DEFAULT 0,
  owner text
);
CREATE TABLE quayside.code_nodes (
  id text NOT NULL,
  seen_at bigint NOT NULL
);
CREATE TABLE quayside.code_repositories (
  tenant_id text NOT NULL,
  id text NOT NULL,
  name text NOT NULL,
  path text NOT NULL,
  type text NOT NULL,
  language text,
  purpose text NOT NULL,
  project text,
  description text,
  metadata text NOT NULL,
  url text,
  branch text,
  added_at bigint NOT NULL,
  cleanup_after bigint NOT NULL,
  warned_at bigint,
  removed_at bigint,
  commit_id text
);
CREATE TABLE quayside.encryption_keys (
  id text NOT NULL,
  master_key_id text NOT NULL,
  wrapped text NOT NULL,
  created_at bigint NOT NULL,
  retired_at bigint
);
CREATE TABLE quayside.flags (
  key text NOT NULL,
  type text NOT NULL,
  description text NOT NULL,
  enabled bigint NOT NULL,
  percent bigint,
  percent_of text NOT NULL,
  tenants text NOT NULL,
  users text NOT NULL,
  keys text NOT NULL,
  environments text NOT NULL,
  fallback bigint NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  updated_by text NOT NULL
);
CREATE TABLE quayside.idempotency_keys (
  id text NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  tenant_id text NOT NULL,
  key text NOT NULL,
  operation text NOT NULL,
  request_hash text NOT NULL,
  status text NOT NULL,
  encoding text NOT NULL DEFAULT 'json'::text,
  result text,
  error text,
  locked_until bigint NOT NULL,
  expires_at bigint NOT NULL,
  request_id text NOT NULL,
  principal text NOT NULL
);
CREATE TABLE quayside.invitations (
  tenant_id text NOT NULL,
  id text NOT NULL,
  token_hash text NOT NULL,
  email text NOT NULL,
  roles text NOT NULL DEFAULT '[]'::text,
  permissions text NOT NULL DEFAULT '[]'::text,
  created_by text,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  accepted_at bigint
);
CREATE TABLE quayside.job_schedules (
  name text NOT NULL,
  next_at bigint NOT NULL
);
CREATE TABLE quayside.jobs (
  tenant_id text NOT NULL,
  id text NOT NULL,
  kind text NOT NULL,
  payload text NOT NULL,
  status text NOT NULL,
  priority bigint NOT NULL DEFAULT 0,
  unique_key text,
  run_at bigint NOT NULL,
  attempts bigint NOT NULL DEFAULT 0,
  attempts_max bigint NOT NULL,
  lease_token text,
  lease_until bigint,
  cancel_requested bigint NOT NULL DEFAULT 0,
  progress double precision NOT NULL DEFAULT 0,
  checkpoint text,
  result text,
  error text,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  finished_at bigint
);
CREATE TABLE quayside.kept_secrets (
  tenant_id text NOT NULL,
  name text NOT NULL,
  key_id text NOT NULL,
  value text NOT NULL,
  version bigint NOT NULL,
  ends_at bigint NOT NULL
);
CREATE TABLE quayside.login_attempts (
  subject text NOT NULL,
  failures bigint NOT NULL,
  since bigint NOT NULL,
  locked_until bigint NOT NULL
);
CREATE TABLE quayside.rate_limits (
  key text NOT NULL,
  used bigint NOT NULL,
  since bigint NOT NULL,
  parts bigint[] NOT NULL,
  warned_until bigint NOT NULL,
  expires_at bigint NOT NULL
);
CREATE TABLE quayside.rollout_samples (
  slug text NOT NULL,
  canary text NOT NULL,
  started_at bigint NOT NULL,
  requests bigint NOT NULL,
  failures bigint NOT NULL,
  slow bigint NOT NULL
);
CREATE TABLE quayside.rollouts (
  slug text NOT NULL,
  stable text NOT NULL,
  canary text NOT NULL,
  status text NOT NULL,
  stage bigint NOT NULL,
  weight bigint NOT NULL,
  calm_since bigint NOT NULL,
  failed bigint NOT NULL,
  analysed_until bigint NOT NULL,
  reason text NOT NULL,
  revision bigint NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  updated_by text NOT NULL
);
CREATE TABLE quayside.schema_migrations (
  id bigint NOT NULL,
  name text NOT NULL,
  applied_at bigint NOT NULL
);
CREATE TABLE quayside.secret_ages (
  name text NOT NULL,
  fingerprint text NOT NULL,
  since bigint NOT NULL
);
CREATE TABLE quayside.secrets (
  tenant_id text NOT NULL,
  name text NOT NULL,
  key_id text NOT NULL,
  value text NOT NULL,
  version bigint NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  updated_by text
);
CREATE TABLE quayside.session_events (
  tenant_id text NOT NULL,
  session_id text NOT NULL,
  sequence bigint NOT NULL,
  stream text NOT NULL,
  message text NOT NULL
);
CREATE TABLE quayside.sessions (
  tenant_id text NOT NULL,
  id text NOT NULL,
  owner text NOT NULL,
  epoch bigint NOT NULL,
  server text NOT NULL,
  principal text NOT NULL,
  version text NOT NULL,
  protocol_version text NOT NULL,
  capabilities text NOT NULL,
  log_level text,
  subscriptions text NOT NULL,
  client_address text NOT NULL,
  idle_ms bigint NOT NULL,
  created_at bigint NOT NULL,
  used_at bigint NOT NULL,
  dropped bigint NOT NULL
);
CREATE TABLE quayside.store_changes (
  topic text NOT NULL,
  counter bigint NOT NULL
);
CREATE TABLE quayside.tasks (
  tenant_id text NOT NULL,
  id text NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  revision bigint NOT NULL,
  server text NOT NULL,
  tool text NOT NULL,
  principal text NOT NULL,
  caller text NOT NULL,
  arguments text NOT NULL,
  status text NOT NULL,
  status_message text,
  ttl_ms bigint NOT NULL,
  expires_at bigint NOT NULL,
  requests text NOT NULL,
  answers text NOT NULL,
  outcome text,
  owner text NOT NULL,
  lease_until bigint NOT NULL,
  is_resumable bigint NOT NULL
);
CREATE TABLE quayside.tenants (
  id text NOT NULL,
  name text NOT NULL,
  slug text NOT NULL,
  contact_email text,
  is_active bigint NOT NULL DEFAULT 1,
  settings text NOT NULL DEFAULT '{}'::text,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL
);
CREATE TABLE quayside.upstream_oauth (
  kind text NOT NULL,
  place text NOT NULL,
  subject text NOT NULL,
  key_id text NOT NULL,
  value text NOT NULL,
  expires_at bigint NOT NULL,
  updated_at bigint NOT NULL
);
CREATE TABLE quayside.upstream_tools (
  server text NOT NULL,
  upstream text NOT NULL,
  tool text NOT NULL,
  approved_hash text,
  approved text,
  seen_hash text NOT NULL,
  seen text NOT NULL,
  seen_at bigint NOT NULL,
  decided_at bigint,
  decided_by text
);
CREATE TABLE quayside.user_logins (
  tenant_id text NOT NULL,
  id text NOT NULL,
  user_id text NOT NULL,
  token_hash text NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  revoked_at bigint
);
CREATE TABLE quayside.users (
  tenant_id text NOT NULL,
  id text NOT NULL,
  email text NOT NULL,
  name text,
  password_hash text NOT NULL,
  roles text NOT NULL DEFAULT '[]'::text,
  permissions text NOT NULL DEFAULT '[]'::text,
  enabled bigint NOT NULL DEFAULT 1,
  created_by text,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL
);
CREATE TABLE quayside_private.context_key (
  one boolean NOT NULL DEFAULT true,
  inner_key bytea NOT NULL,
  outer_key bytea NOT NULL
);

ALTER TABLE quayside.api_keys ADD CONSTRAINT api_keys_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE quayside.api_keys ADD CONSTRAINT api_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES quayside.tenants(id);
ALTER TABLE quayside.approvals ADD CONSTRAINT approvals_binding_check CHECK ((length(binding) = 64));
ALTER TABLE quayside.approvals ADD CONSTRAINT approvals_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE quayside.approvals ADD CONSTRAINT approvals_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'granted'::text, 'denied'::text, 'used'::text, 'expired'::text])));
ALTER TABLE quayside.audit_anchors ADD CONSTRAINT audit_anchors_pkey PRIMARY KEY (writer, tenant_id, seq);
ALTER TABLE quayside.audit_checkpoints ADD CONSTRAINT audit_checkpoints_pkey PRIMARY KEY (writer, number);
ALTER TABLE quayside.audit_cursors ADD CONSTRAINT audit_cursors_pkey PRIMARY KEY (receiver, writer, tenant_id);
ALTER TABLE quayside.audit_heads ADD CONSTRAINT audit_heads_pkey PRIMARY KEY (writer, tenant_id);
ALTER TABLE quayside.audit_logs ADD CONSTRAINT audit_logs_pkey PRIMARY KEY (tenant_id, writer, seq);
ALTER TABLE quayside.code_index_wishes ADD CONSTRAINT code_index_wishes_pkey PRIMARY KEY (id);
ALTER TABLE quayside.code_indexes ADD CONSTRAINT code_indexes_pkey PRIMARY KEY (id);
ALTER TABLE quayside.code_nodes ADD CONSTRAINT code_nodes_pkey PRIMARY KEY (id);
ALTER TABLE quayside.code_repositories ADD CONSTRAINT code_repositories_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE quayside.code_repositories ADD CONSTRAINT code_repositories_type_check CHECK ((type = ANY (ARRAY['reference'::text, 'temporary'::text, 'external'::text])));
ALTER TABLE quayside.encryption_keys ADD CONSTRAINT encryption_keys_pkey PRIMARY KEY (id);
ALTER TABLE quayside.flags ADD CONSTRAINT flags_enabled_check CHECK ((enabled = ANY (ARRAY[(0)::bigint, (1)::bigint])));
ALTER TABLE quayside.flags ADD CONSTRAINT flags_fallback_check CHECK ((fallback = ANY (ARRAY[(0)::bigint, (1)::bigint])));
ALTER TABLE quayside.flags ADD CONSTRAINT flags_key_check CHECK (((length(key) >= 1) AND (length(key) <= 64)));
ALTER TABLE quayside.flags ADD CONSTRAINT flags_percent_check CHECK (((percent >= 0) AND (percent <= 100)));
ALTER TABLE quayside.flags ADD CONSTRAINT flags_percent_of_check CHECK ((percent_of = ANY (ARRAY['user'::text, 'tenant'::text])));
ALTER TABLE quayside.flags ADD CONSTRAINT flags_pkey PRIMARY KEY (key);
ALTER TABLE quayside.flags ADD CONSTRAINT flags_type_check CHECK ((type = ANY (ARRAY['release'::text, 'ops'::text, 'permission'::text])));
ALTER TABLE quayside.idempotency_keys ADD CONSTRAINT idempotency_keys_encoding_check CHECK ((encoding = ANY (ARRAY['json'::text, 'gzip'::text])));
ALTER TABLE quayside.idempotency_keys ADD CONSTRAINT idempotency_keys_key_check CHECK (((length(key) >= 1) AND (length(key) <= 255)));
ALTER TABLE quayside.idempotency_keys ADD CONSTRAINT idempotency_keys_operation_check CHECK (((length(operation) >= 1) AND (length(operation) <= 100)));
ALTER TABLE quayside.idempotency_keys ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (key, operation, tenant_id);
ALTER TABLE quayside.idempotency_keys ADD CONSTRAINT idempotency_keys_request_hash_check CHECK ((length(request_hash) = 64));
ALTER TABLE quayside.idempotency_keys ADD CONSTRAINT idempotency_keys_status_check CHECK ((status = ANY (ARRAY['processing'::text, 'completed'::text, 'failed'::text, 'unknown'::text])));
ALTER TABLE quayside.invitations ADD CONSTRAINT invitations_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE quayside.invitations ADD CONSTRAINT invitations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES quayside.tenants(id);
ALTER TABLE quayside.job_schedules ADD CONSTRAINT job_schedules_pkey PRIMARY KEY (name);
ALTER TABLE quayside.jobs ADD CONSTRAINT jobs_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE quayside.jobs ADD CONSTRAINT jobs_status_check CHECK ((status = ANY (ARRAY['waiting'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text])));
ALTER TABLE quayside.jobs ADD CONSTRAINT jobs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES quayside.tenants(id);
ALTER TABLE quayside.kept_secrets ADD CONSTRAINT kept_secrets_key_id_fkey FOREIGN KEY (key_id) REFERENCES quayside.encryption_keys(id);
ALTER TABLE quayside.kept_secrets ADD CONSTRAINT kept_secrets_pkey PRIMARY KEY (tenant_id, name);
ALTER TABLE quayside.login_attempts ADD CONSTRAINT login_attempts_pkey PRIMARY KEY (subject);
ALTER TABLE quayside.rate_limits ADD CONSTRAINT rate_limits_pkey PRIMARY KEY (key);
ALTER TABLE quayside.rollout_samples ADD CONSTRAINT rollout_samples_pkey PRIMARY KEY (slug, canary, started_at);
ALTER TABLE quayside.rollouts ADD CONSTRAINT rollouts_failed_check CHECK ((failed >= 0));
ALTER TABLE quayside.rollouts ADD CONSTRAINT rollouts_pkey PRIMARY KEY (slug);
ALTER TABLE quayside.rollouts ADD CONSTRAINT rollouts_stage_check CHECK ((stage >= 0));
ALTER TABLE quayside.rollouts ADD CONSTRAINT rollouts_status_check CHECK ((status = ANY (ARRAY['running'::text, 'paused'::text, 'promoted'::text, 'aborted'::text])));
ALTER TABLE quayside.rollouts ADD CONSTRAINT rollouts_weight_check CHECK (((weight >= 0) AND (weight <= 100)));
ALTER TABLE quayside.schema_migrations ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (id);
ALTER TABLE quayside.secret_ages ADD CONSTRAINT secret_ages_pkey PRIMARY KEY (name);
ALTER TABLE quayside.secrets ADD CONSTRAINT secrets_key_id_fkey FOREIGN KEY (key_id) REFERENCES quayside.encryption_keys(id);
ALTER TABLE quayside.secrets ADD CONSTRAINT secrets_pkey PRIMARY KEY (tenant_id, name);
ALTER TABLE quayside.session_events ADD CONSTRAINT session_events_pkey PRIMARY KEY (tenant_id, session_id, sequence);
ALTER TABLE quayside.sessions ADD CONSTRAINT sessions_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE quayside.store_changes ADD CONSTRAINT store_changes_pkey PRIMARY KEY (topic);
ALTER TABLE quayside.tasks ADD CONSTRAINT tasks_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE quayside.tasks ADD CONSTRAINT tasks_status_check CHECK ((status = ANY (ARRAY['working'::text, 'input_required'::text, 'completed'::text, 'failed'::text, 'cancelled'::text])));
ALTER TABLE quayside.tenants ADD CONSTRAINT tenants_pkey PRIMARY KEY (id);
ALTER TABLE quayside.tenants ADD CONSTRAINT tenants_slug_key UNIQUE (slug);
ALTER TABLE quayside.upstream_oauth ADD CONSTRAINT upstream_oauth_kind_check CHECK ((kind = ANY (ARRAY['grant'::text, 'client'::text, 'round'::text])));
ALTER TABLE quayside.upstream_oauth ADD CONSTRAINT upstream_oauth_pkey PRIMARY KEY (kind, place, subject);
ALTER TABLE quayside.upstream_tools ADD CONSTRAINT upstream_tools_pkey PRIMARY KEY (server, upstream, tool);
ALTER TABLE quayside.user_logins ADD CONSTRAINT user_logins_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE quayside.user_logins ADD CONSTRAINT user_logins_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES quayside.users(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE quayside.users ADD CONSTRAINT users_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE quayside.users ADD CONSTRAINT users_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES quayside.tenants(id);
ALTER TABLE quayside_private.context_key ADD CONSTRAINT context_key_one_check CHECK (one);
ALTER TABLE quayside_private.context_key ADD CONSTRAINT context_key_pkey PRIMARY KEY (one);

CREATE UNIQUE INDEX api_keys_hash ON quayside.api_keys USING btree (key_hash);
CREATE UNIQUE INDEX api_keys_id ON quayside.api_keys USING btree (id);
CREATE INDEX approvals_expires_at ON quayside.approvals USING btree (expires_at);
CREATE UNIQUE INDEX approvals_open ON quayside.approvals USING btree (tenant_id, binding) WHERE (status = ANY (ARRAY['pending'::text, 'granted'::text]));
CREATE INDEX audit_checkpoints_time ON quayside.audit_checkpoints USING btree (created_at DESC, number DESC);
CREATE INDEX audit_logs_action ON quayside.audit_logs USING btree (tenant_id, action, created_at DESC) WHERE (action <> 'tools/call'::text);
CREATE INDEX audit_logs_changes ON quayside.audit_logs USING gin (changes jsonb_path_ops);
CREATE INDEX audit_logs_event_type ON quayside.audit_logs USING btree (tenant_id, event_type, created_at DESC) WHERE (event_type <> 'tool.executed'::text);
CREATE INDEX audit_logs_metadata ON quayside.audit_logs USING gin (metadata jsonb_path_ops);
CREATE INDEX audit_logs_request ON quayside.audit_logs USING btree (request_id) WHERE (request_id IS NOT NULL);
CREATE INDEX audit_logs_resource ON quayside.audit_logs USING btree (tenant_id, resource_type, resource_id, created_at DESC);
CREATE INDEX audit_logs_time ON quayside.audit_logs USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX audit_logs_user ON quayside.audit_logs USING btree (user_id, created_at) WHERE (user_id IS NOT NULL);
CREATE INDEX code_repositories_cleanup_after ON quayside.code_repositories USING btree (cleanup_after);
CREATE UNIQUE INDEX code_repositories_path ON quayside.code_repositories USING btree (tenant_id, path) WHERE (removed_at IS NULL);
CREATE INDEX idempotency_keys_expires_at ON quayside.idempotency_keys USING btree (expires_at);
CREATE UNIQUE INDEX invitations_token ON quayside.invitations USING btree (token_hash);
CREATE INDEX jobs_finished ON quayside.jobs USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE INDEX jobs_running ON quayside.jobs USING btree (lease_until) WHERE (status = 'running'::text);
CREATE UNIQUE INDEX jobs_unique ON quayside.jobs USING btree (tenant_id, kind, unique_key) WHERE ((unique_key IS NOT NULL) AND (status = ANY (ARRAY['waiting'::text, 'running'::text])));
CREATE INDEX jobs_waiting ON quayside.jobs USING btree (run_at) WHERE (status = 'waiting'::text);
CREATE INDEX kept_secrets_by_key ON quayside.kept_secrets USING btree (key_id);
CREATE INDEX kept_secrets_ends_at ON quayside.kept_secrets USING btree (ends_at);
CREATE INDEX login_attempts_since ON quayside.login_attempts USING btree (since);
CREATE INDEX secrets_by_key ON quayside.secrets USING btree (key_id);
CREATE UNIQUE INDEX sessions_by_id ON quayside.sessions USING btree (id);
CREATE INDEX sessions_by_owner ON quayside.sessions USING btree (owner);
CREATE INDEX tasks_by_principal ON quayside.tasks USING btree (tenant_id, principal, server, created_at);
CREATE INDEX tasks_expires_at ON quayside.tasks USING btree (expires_at);
CREATE INDEX tasks_lease_until ON quayside.tasks USING btree (lease_until) WHERE (status = 'working'::text);
CREATE INDEX upstream_oauth_expires_at ON quayside.upstream_oauth USING btree (expires_at);
CREATE INDEX user_logins_expiry ON quayside.user_logins USING btree (expires_at);
CREATE UNIQUE INDEX user_logins_id ON quayside.user_logins USING btree (id);
CREATE INDEX user_logins_user ON quayside.user_logins USING btree (tenant_id, user_id);
CREATE UNIQUE INDEX users_email ON quayside.users USING btree (email);

CREATE OR REPLACE FUNCTION quayside.audit_forward()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
BEGIN
  IF NEW.seq < OLD.seq THEN
    RAISE EXCEPTION 'audit_heads only grow' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END
$function$
;
CREATE OR REPLACE FUNCTION quayside.audit_refuse()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '42501';
END
$function$
;
CREATE OR REPLACE FUNCTION quayside.audit_remove_prefix(chain_tenant text, chain_writer text, last bigint)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'quayside', 'pg_temp'
AS $function$
DECLARE
  removed bigint;
BEGIN
  DELETE FROM audit_logs WHERE tenant_id = chain_tenant AND writer = chain_writer AND seq <= last;
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END
$function$
;
CREATE OR REPLACE FUNCTION quayside.audit_retain()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'quayside', 'pg_temp'
AS $function$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM audit_anchors a WHERE a.writer = OLD.writer AND a.tenant_id = OLD.tenant_id AND a.seq >= OLD.seq) THEN
    RAISE EXCEPTION 'audit_logs is append-only' USING ERRCODE = '42501';
  END IF;
  RETURN OLD;
END
$function$
;
CREATE OR REPLACE FUNCTION quayside.current_tenant()
 RETURNS text
 LANGUAGE plpgsql
 STABLE PARALLEL RESTRICTED SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
  context text := current_setting('quayside.context', true);
  body text;
  keys record;
BEGIN
  IF length(context) > 65 THEN
    SELECT inner_key, outer_key INTO STRICT keys FROM quayside_private.context_key;
    body := left(context, -65);
    IF right(context, 64) = encode(sha256(keys.outer_key || sha256(keys.inner_key || convert_to(body, 'UTF8'))), 'hex')
      AND split_part(body, '.', 2)::bigint >= extract(epoch FROM statement_timestamp())
      AND split_part(body, '.', 3)::integer = pg_backend_pid()
    THEN
      RETURN convert_from(decode(split_part(body, '.', 1), 'hex'), 'UTF8');
    END IF;
  END IF;
  RETURN NULL;
END
$function$
;
CREATE OR REPLACE FUNCTION quayside.limit_counted(state quayside.rate_limits, kind text, cost bigint, now bigint)
 RETURNS quayside.rate_limits
 LANGUAGE plpgsql
 IMMUTABLE
AS $function$
DECLARE
  place integer;
BEGIN
  state.used := state.used + cost;
  IF kind = 'l' THEN
    state.parts := state.parts || array_fill(now, ARRAY[cost::integer]);
  ELSIF kind = 's' THEN
    place := state.since % 129 + 1;
    state.parts[place] := state.parts[place] + cost;
  END IF;
  RETURN state;
END
$function$
;
CREATE OR REPLACE FUNCTION quayside.limit_current(state quayside.rate_limits, kind text, span bigint, now bigint)
 RETURNS quayside.rate_limits
 LANGUAGE plpgsql
 IMMUTABLE
AS $function$
DECLARE
  section bigint;
  place integer := 1;
BEGIN
  IF kind = 'f' THEN
    IF state.used = 0 OR now - state.since >= span THEN
      state.used := 0;
      state.since := now;
    END IF;
  ELSIF kind = 'l' THEN
    WHILE place <= cardinality(state.parts) AND now - state.parts[place] >= span LOOP
      place := place + 1;
    END LOOP;
    IF place > 1 THEN
      state.parts := state.parts[place:];
    END IF;
    state.used := cardinality(state.parts);
  ELSE
    section := now * 128 / span;
    IF cardinality(state.parts) = 0 OR section - state.since > 128 THEN
      state.used := 0;
      state.parts := array_fill(0::bigint, ARRAY[129]);
      state.since := section;
    END IF;
    FOR step IN 1 .. section - state.since LOOP
      place := (state.since + step) % 129 + 1;
      state.used := state.used - state.parts[place];
      state.parts[place] := 0;
    END LOOP;
    state.since := greatest(state.since, section);
  END IF;
  RETURN state;
END
$function$
;
CREATE OR REPLACE FUNCTION quayside.limit_freed(state quayside.rate_limits, kind text, span bigint, keep bigint, now bigint)
 RETURNS bigint
 LANGUAGE plpgsql
 IMMUTABLE
AS $function$
DECLARE
  freed bigint := 0;
  section bigint;
BEGIN
  IF kind = 'f' THEN
    RETURN state.since + span - now;
  ELSIF kind = 'l' THEN
    RETURN state.parts[state.used - keep] + span - now;
  END IF;
  FOR age IN REVERSE 128 .. 0 LOOP
    section := state.since - age;
    freed := freed + state.parts[section % 129 + 1];
    IF freed >= state.used - keep THEN
      RETURN (section + 129) * span / 128 - now;
    END IF;
  END LOOP;
  RETURN span;
END
$function$
;
CREATE OR REPLACE FUNCTION quayside.take_limits(buckets jsonb, cost bigint)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
DECLARE
  now bigint;
  amount integer := jsonb_array_length(buckets);
  bucket jsonb;
  kind text;
  span bigint;
  most bigint;
  section bigint;
  wait bigint;
  reset bigint;
  longest bigint := -1;
  refusing integer := 0;
  answer bigint[];
  state quayside.rate_limits;
  states quayside.rate_limits[];
  least_left bigint;
  tightest integer := 0;
  tightest_reset bigint := 0;
  warned bigint := 0;
  excess bigint := 0;
  place integer;
BEGIN
  PERFORM pg_advisory_xact_lock(locks.lock) FROM (
    SELECT DISTINCT hashtextextended(one->>0, 0) AS lock FROM jsonb_array_elements(buckets) AS one ORDER BY 1
  ) AS locks;
  now := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
  FOR i IN 1 .. amount LOOP
    bucket := buckets->(i - 1);
    kind := bucket->>1;
    most := (bucket->>3)::bigint;
    span := (bucket->>4)::bigint * 1000;
    SELECT * INTO state FROM quayside.rate_limits AS known WHERE known.key = bucket->>0;
    IF NOT FOUND THEN
      state := ROW(bucket->>0, 0, 0, '{}'::bigint[], 0, 0);
    END IF;
    IF kind = 'f' THEN
      IF state.used = 0 OR now - state.since >= span THEN
        state.used := 0;
        state.since := now;
      END IF;
    ELSIF kind = 'l' THEN
      place := 1;
      WHILE place <= cardinality(state.parts) AND now - state.parts[place] >= span LOOP
        place := place + 1;
      END LOOP;
      IF place > 1 THEN
        state.parts := state.parts[place:];
      END IF;
      state.used := cardinality(state.parts);
    ELSE
      section := now * 128 / span;
      IF cardinality(state.parts) = 0 THEN
        state.parts := array_fill(0::bigint, ARRAY[129]);
        state.since := section;
      END IF;
      FOR step IN 1 .. least(section - state.since, 129) LOOP
        place := (state.since + step) % 129 + 1;
        state.used := state.used - state.parts[place];
        state.parts[place] := 0;
      END LOOP;
      state.since := greatest(state.since, section);
    END IF;
    states[i] := state;
    IF state.used + cost > most THEN
      wait := span;
      IF cost <= most THEN
        wait := quayside.limit_freed(state, kind, span, most - cost, now);
      END IF;
      IF wait > longest THEN
        longest := wait;
        reset := 0;
        IF state.used > 0 THEN
          reset := quayside.limit_freed(state, kind, span, 0, now);
        END IF;
        refusing := i;
        answer := ARRAY[0, i, state.used, (wait + 999) / 1000, (reset + 999) / 1000];
      END IF;
    END IF;
  END LOOP;
  IF refusing > 0 THEN
    RETURN array_to_json(answer)::text;
  END IF;
  FOR i IN 1 .. amount LOOP
    bucket := buckets->(i - 1);
    kind := bucket->>1;
    span := (bucket->>4)::bigint * 1000;
    state := states[i];
    state.used := state.used + cost;
    reset := span;
    IF kind = 'f' THEN
      reset := state.since + span - now;
    ELSIF kind = 'l' THEN
      state.parts := state.parts || array_fill(now, ARRAY[cost::integer]);
    ELSE
      place := state.since % 129 + 1;
      state.parts[place] := state.parts[place] + cost;
      reset := (state.since + 129) * span / 128 - now;
    END IF;
    state.expires_at := now + reset;
    IF state.used >= (bucket->>2)::bigint * 0.8 AND now >= state.warned_until THEN
      state.warned_until := now + reset;
      warned := warned | (1 << (i - 1));
    END IF;
    IF state.used > (bucket->>2)::bigint THEN
      excess := excess | (1 << (i - 1));
    END IF;
    IF least_left IS NULL OR (bucket->>2)::bigint - state.used < least_left THEN
      least_left := (bucket->>2)::bigint - state.used;
      tightest := i;
      tightest_reset := reset;
    END IF;
    states[i] := state;
  END LOOP;
  INSERT INTO quayside.rate_limits AS known SELECT * FROM unnest(states)
    ON CONFLICT (key) DO UPDATE SET used = excluded.used, since = excluded.since, parts = excluded.parts,
      warned_until = excluded.warned_until, expires_at = excluded.expires_at;
  RETURN array_to_json(ARRAY[1, tightest, greatest(least_left, 0), (tightest_reset + 999) / 1000, warned, excess])::text;
END
$function$
;
CREATE OR REPLACE FUNCTION quayside.take_limits_batch(names jsonb, rules bigint[], takes bigint[])
 RETURNS text
 LANGUAGE plpgsql
AS $function$
DECLARE
  now bigint;
  keys text[] := ARRAY(SELECT jsonb_array_elements_text(names));
  amount integer := cardinality(keys);
  length integer := cardinality(takes);
  kinds text[];
  states quayside.rate_limits[];
  state quayside.rate_limits;
  used bigint[] := array_fill(0::bigint, ARRAY[amount]);
  fresh bigint[] := array_fill(0::bigint, ARRAY[amount]);
  resets bigint[] := array_fill(0::bigint, ARRAY[amount]);
  warned_until bigint[] := array_fill(0::bigint, ARRAY[amount]);
  changed boolean[] := array_fill(false, ARRAY[amount]);
  written quayside.rate_limits[];
  answers bigint[] := '{}';
  at integer := 1;
  i integer;
  cost bigint;
  count integer;
  span bigint;
  wait bigint;
  longest bigint;
  refusing integer;
  refused_by integer;
  room bigint;
  least_left bigint;
  tightest integer;
  warned bigint;
  excess bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(locks.lock) FROM (
    SELECT DISTINCT hashtextextended(one, 0) AS lock FROM unnest(keys) AS one ORDER BY 1
  ) AS locks;
  now := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
  FOR i IN 1 .. amount LOOP
    kinds[i] := substr('fls', rules[i * 4 - 3]::integer, 1);
    span := rules[i * 4] * 1000;
    SELECT * INTO state FROM quayside.rate_limits AS known WHERE known.key = keys[i];
    IF NOT FOUND THEN
      state := ROW(keys[i], 0, 0, '{}'::bigint[], 0, 0);
    END IF;
    state := quayside.limit_current(state, kinds[i], span, now);
    states[i] := state;
    used[i] := state.used;
    warned_until[i] := state.warned_until;
    resets[i] := CASE kinds[i]
      WHEN 'f' THEN state.since + span - now
      WHEN 'l' THEN span
      ELSE (state.since + 129) * span / 128 - now
    END;
  END LOOP;
  WHILE at < length LOOP
    cost := takes[at];
    count := takes[at + 1];
    at := at + 1;
    longest := -1;
    refusing := 0;
    FOR j IN 1 .. count LOOP
      i := takes[at + j];
      IF used[i] + cost > rules[i * 4 - 1] THEN
        span := rules[i * 4] * 1000;
        wait := span;
        IF fresh[i] > 0 THEN
          states[i] := quayside.limit_counted(states[i], kinds[i], fresh[i], now);
          fresh[i] := 0;
        END IF;
        IF cost <= rules[i * 4 - 1] THEN
          wait := quayside.limit_freed(states[i], kinds[i], span, rules[i * 4 - 1] - cost, now);
        END IF;
        IF wait > longest THEN
          longest := wait;
          refusing := j;
          refused_by := i;
        END IF;
      END IF;
    END LOOP;
    IF refusing > 0 THEN
      wait := 0;
      IF used[refused_by] > 0 THEN
        wait := quayside.limit_freed(states[refused_by], kinds[refused_by], rules[refused_by * 4] * 1000, 0, now);
      END IF;
      answers := answers || ARRAY[0, refusing, used[refused_by], (longest + 999) / 1000, (wait + 999) / 1000, 0];
    ELSE
      least_left := NULL;
      warned := 0;
      excess := 0;
      FOR j IN 1 .. count LOOP
        i := takes[at + j];
        used[i] := used[i] + cost;
        fresh[i] := fresh[i] + cost;
        changed[i] := true;
        room := rules[i * 4 - 2] - used[i];
        IF used[i] >= rules[i * 4 - 2] * 0.8 AND now >= warned_until[i] THEN
          warned_until[i] := now + resets[i];
          warned := warned | (1 << (j - 1));
        END IF;
        IF room < 0 THEN
          excess := excess | (1 << (j - 1));
        END IF;
        IF least_left IS NULL OR room < least_left THEN
          least_left := room;
          tightest := j;
        END IF;
      END LOOP;
      answers := answers || ARRAY[
        1, tightest, greatest(least_left, 0), (resets[takes[at + tightest]] + 999) / 1000, warned, excess
      ];
    END IF;
    at := at + count + 1;
  END LOOP;
  FOR i IN 1 .. amount LOOP
    IF changed[i] THEN
      state := states[i];
      IF fresh[i] > 0 THEN
        state := quayside.limit_counted(state, kinds[i], fresh[i], now);
      END IF;
      state.warned_until := warned_until[i];
      state.expires_at := now + resets[i];
      written := written || state;
    END IF;
  END LOOP;
  INSERT INTO quayside.rate_limits AS known SELECT * FROM unnest(written)
    ON CONFLICT (key) DO UPDATE SET used = excluded.used, since = excluded.since, parts = excluded.parts,
      warned_until = excluded.warned_until, expires_at = excluded.expires_at;
  RETURN array_to_json(answers)::text;
END
$function$
;

CREATE TRIGGER audit_anchors_no_change BEFORE DELETE OR UPDATE ON quayside.audit_anchors FOR EACH ROW EXECUTE FUNCTION quayside.audit_refuse();
CREATE TRIGGER audit_anchors_no_truncate BEFORE TRUNCATE ON quayside.audit_anchors FOR EACH STATEMENT EXECUTE FUNCTION quayside.audit_refuse();
CREATE TRIGGER audit_checkpoints_no_change BEFORE DELETE OR UPDATE ON quayside.audit_checkpoints FOR EACH ROW EXECUTE FUNCTION quayside.audit_refuse();
CREATE TRIGGER audit_checkpoints_no_truncate BEFORE TRUNCATE ON quayside.audit_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION quayside.audit_refuse();
CREATE TRIGGER audit_heads_forward BEFORE UPDATE ON quayside.audit_heads FOR EACH ROW EXECUTE FUNCTION quayside.audit_forward();
CREATE TRIGGER audit_heads_no_delete BEFORE DELETE ON quayside.audit_heads FOR EACH ROW EXECUTE FUNCTION quayside.audit_refuse();
CREATE TRIGGER audit_heads_no_truncate BEFORE TRUNCATE ON quayside.audit_heads FOR EACH STATEMENT EXECUTE FUNCTION quayside.audit_refuse();
CREATE TRIGGER audit_logs_no_truncate BEFORE TRUNCATE ON quayside.audit_logs FOR EACH STATEMENT EXECUTE FUNCTION quayside.audit_refuse();
CREATE TRIGGER audit_logs_no_update BEFORE UPDATE ON quayside.audit_logs FOR EACH ROW EXECUTE FUNCTION quayside.audit_refuse();
CREATE TRIGGER audit_logs_retention BEFORE DELETE ON quayside.audit_logs FOR EACH ROW EXECUTE FUNCTION quayside.audit_retain();

ALTER TABLE quayside.api_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.approvals FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.audit_anchors FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.audit_cursors FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.audit_heads FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.audit_logs FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.code_repositories FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.idempotency_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.invitations FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.jobs FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.kept_secrets FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.secrets FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.session_events FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.sessions FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.tasks FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.tenants FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.user_logins FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.users FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON quayside.api_keys USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.approvals USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.audit_anchors USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.audit_cursors USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.audit_heads USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.audit_logs USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.code_repositories USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.idempotency_keys USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.invitations USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.jobs USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.kept_secrets USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.secrets USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.session_events USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.sessions USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.tasks USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.tenants USING (((id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.user_logins USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.users USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));

GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.api_keys TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.approvals TO quayside_app;
GRANT INSERT, SELECT ON quayside.audit_anchors TO quayside_app;
GRANT INSERT, SELECT ON quayside.audit_checkpoints TO quayside_app;
GRANT INSERT, SELECT, UPDATE ON quayside.audit_cursors TO quayside_app;
GRANT INSERT, SELECT, UPDATE ON quayside.audit_heads TO quayside_app;
GRANT INSERT, SELECT ON quayside.audit_logs TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.code_index_wishes TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.code_indexes TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.code_nodes TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.code_repositories TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.encryption_keys TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.flags TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.idempotency_keys TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.invitations TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.job_schedules TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.jobs TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.kept_secrets TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.login_attempts TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.rate_limits TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.rollout_samples TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.rollouts TO quayside_app;
GRANT SELECT ON quayside.schema_migrations TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.secret_ages TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.secrets TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.session_events TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.sessions TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.store_changes TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.tasks TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.tenants TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.upstream_oauth TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.upstream_tools TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.user_logins TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.users TO quayside_app;
