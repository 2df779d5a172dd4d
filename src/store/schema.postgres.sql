-- The store's schema on PostgreSQL after all migrations. Made by `npm run generate`; not read by the product.

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
CREATE TABLE quayside.schema_migrations (
  id bigint NOT NULL,
  name text NOT NULL,
  applied_at bigint NOT NULL
);
CREATE TABLE quayside.store_changes (
  topic text NOT NULL,
  counter bigint NOT NULL
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
CREATE TABLE quayside_private.context_key (
  one boolean NOT NULL DEFAULT true,
  inner_key bytea NOT NULL,
  outer_key bytea NOT NULL
);

ALTER TABLE quayside.audit_anchors ADD CONSTRAINT audit_anchors_pkey PRIMARY KEY (writer, tenant_id, seq);
ALTER TABLE quayside.audit_checkpoints ADD CONSTRAINT audit_checkpoints_pkey PRIMARY KEY (writer, number);
ALTER TABLE quayside.audit_cursors ADD CONSTRAINT audit_cursors_pkey PRIMARY KEY (receiver, writer, tenant_id);
ALTER TABLE quayside.audit_heads ADD CONSTRAINT audit_heads_pkey PRIMARY KEY (writer, tenant_id);
ALTER TABLE quayside.audit_logs ADD CONSTRAINT audit_logs_pkey PRIMARY KEY (tenant_id, writer, seq);
ALTER TABLE quayside.job_schedules ADD CONSTRAINT job_schedules_pkey PRIMARY KEY (name);
ALTER TABLE quayside.jobs ADD CONSTRAINT jobs_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE quayside.jobs ADD CONSTRAINT jobs_status_check CHECK ((status = ANY (ARRAY['waiting'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text])));
ALTER TABLE quayside.jobs ADD CONSTRAINT jobs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES quayside.tenants(id);
ALTER TABLE quayside.schema_migrations ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (id);
ALTER TABLE quayside.store_changes ADD CONSTRAINT store_changes_pkey PRIMARY KEY (topic);
ALTER TABLE quayside.tenants ADD CONSTRAINT tenants_pkey PRIMARY KEY (id);
ALTER TABLE quayside.tenants ADD CONSTRAINT tenants_slug_key UNIQUE (slug);
ALTER TABLE quayside_private.context_key ADD CONSTRAINT context_key_one_check CHECK (one);
ALTER TABLE quayside_private.context_key ADD CONSTRAINT context_key_pkey PRIMARY KEY (one);

CREATE INDEX audit_checkpoints_time ON quayside.audit_checkpoints USING btree (created_at DESC, number DESC);
CREATE INDEX audit_logs_action ON quayside.audit_logs USING btree (tenant_id, action);
CREATE INDEX audit_logs_changes ON quayside.audit_logs USING gin (changes jsonb_path_ops);
CREATE INDEX audit_logs_event_type ON quayside.audit_logs USING btree (event_type);
CREATE INDEX audit_logs_metadata ON quayside.audit_logs USING gin (metadata jsonb_path_ops);
CREATE INDEX audit_logs_request ON quayside.audit_logs USING btree (request_id) WHERE (request_id IS NOT NULL);
CREATE INDEX audit_logs_resource ON quayside.audit_logs USING btree (tenant_id, resource_type, resource_id);
CREATE INDEX audit_logs_time ON quayside.audit_logs USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX audit_logs_user ON quayside.audit_logs USING btree (user_id, created_at) WHERE (user_id IS NOT NULL);
CREATE INDEX jobs_finished ON quayside.jobs USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE INDEX jobs_running ON quayside.jobs USING btree (lease_until) WHERE (status = 'running'::text);
CREATE UNIQUE INDEX jobs_unique ON quayside.jobs USING btree (tenant_id, kind, unique_key) WHERE ((unique_key IS NOT NULL) AND (status = ANY (ARRAY['waiting'::text, 'running'::text])));
CREATE INDEX jobs_waiting ON quayside.jobs USING btree (run_at) WHERE (status = 'waiting'::text);

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
  part text[];
  keys record;
BEGIN
  IF context IS NULL OR context !~ '^([0-9a-f]{2})+[.][0-9]{1,12}[.][0-9]{1,9}[.][0-9a-f]{64}$' THEN
    RETURN NULL;
  END IF;
  part := string_to_array(context, '.');
  IF part[2]::bigint < extract(epoch FROM statement_timestamp()) OR part[3]::integer <> pg_backend_pid() THEN
    RETURN NULL;
  END IF;
  SELECT inner_key, outer_key INTO STRICT keys FROM quayside_private.context_key;
  IF part[4] <> encode(sha256(keys.outer_key || sha256(keys.inner_key ||
      convert_to(part[1] || '.' || part[2] || '.' || part[3], 'UTF8'))), 'hex') THEN
    RETURN NULL;
  END IF;
  RETURN convert_from(decode(part[1], 'hex'), 'UTF8');
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

ALTER TABLE quayside.audit_anchors FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.audit_cursors FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.audit_heads FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.audit_logs FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.jobs FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.tenants FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON quayside.audit_anchors USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.audit_cursors USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.audit_heads USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.audit_logs USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.jobs USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.tenants USING (((id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));

GRANT INSERT, SELECT ON quayside.audit_anchors TO quayside_app;
GRANT INSERT, SELECT ON quayside.audit_checkpoints TO quayside_app;
GRANT INSERT, SELECT, UPDATE ON quayside.audit_cursors TO quayside_app;
GRANT INSERT, SELECT, UPDATE ON quayside.audit_heads TO quayside_app;
GRANT INSERT, SELECT ON quayside.audit_logs TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.job_schedules TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.jobs TO quayside_app;
GRANT SELECT ON quayside.schema_migrations TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.store_changes TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.tenants TO quayside_app;
