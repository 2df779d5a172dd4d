-- The store's schema on PostgreSQL after all migrations. Made by `npm run generate`; not read by the product.

CREATE TABLE quayside.encryption_keys (
  id text NOT NULL,
  master_key_id text NOT NULL,
  wrapped text NOT NULL,
  created_at bigint NOT NULL,
  retired_at bigint
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

ALTER TABLE quayside.encryption_keys ADD CONSTRAINT encryption_keys_pkey PRIMARY KEY (id);
ALTER TABLE quayside.job_schedules ADD CONSTRAINT job_schedules_pkey PRIMARY KEY (name);
ALTER TABLE quayside.jobs ADD CONSTRAINT jobs_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE quayside.jobs ADD CONSTRAINT jobs_status_check CHECK ((status = ANY (ARRAY['waiting'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text])));
ALTER TABLE quayside.jobs ADD CONSTRAINT jobs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES quayside.tenants(id);
ALTER TABLE quayside.schema_migrations ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (id);
ALTER TABLE quayside.secret_ages ADD CONSTRAINT secret_ages_pkey PRIMARY KEY (name);
ALTER TABLE quayside.secrets ADD CONSTRAINT secrets_key_id_fkey FOREIGN KEY (key_id) REFERENCES quayside.encryption_keys(id);
ALTER TABLE quayside.secrets ADD CONSTRAINT secrets_pkey PRIMARY KEY (tenant_id, name);
ALTER TABLE quayside.store_changes ADD CONSTRAINT store_changes_pkey PRIMARY KEY (topic);
ALTER TABLE quayside.tenants ADD CONSTRAINT tenants_pkey PRIMARY KEY (id);
ALTER TABLE quayside.tenants ADD CONSTRAINT tenants_slug_key UNIQUE (slug);
ALTER TABLE quayside_private.context_key ADD CONSTRAINT context_key_one_check CHECK (one);
ALTER TABLE quayside_private.context_key ADD CONSTRAINT context_key_pkey PRIMARY KEY (one);

CREATE INDEX jobs_finished ON quayside.jobs USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE INDEX jobs_running ON quayside.jobs USING btree (lease_until) WHERE (status = 'running'::text);
CREATE UNIQUE INDEX jobs_unique ON quayside.jobs USING btree (tenant_id, kind, unique_key) WHERE ((unique_key IS NOT NULL) AND (status = ANY (ARRAY['waiting'::text, 'running'::text])));
CREATE INDEX jobs_waiting ON quayside.jobs USING btree (run_at) WHERE (status = 'waiting'::text);
CREATE INDEX secrets_by_key ON quayside.secrets USING btree (key_id);

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


ALTER TABLE quayside.jobs FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.secrets FORCE ROW LEVEL SECURITY;
ALTER TABLE quayside.tenants FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON quayside.jobs USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.secrets USING (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((tenant_id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));
CREATE POLICY tenant_isolation ON quayside.tenants USING (((id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text))) WITH CHECK (((id = ( SELECT quayside.current_tenant() AS current_tenant)) OR (( SELECT quayside.current_tenant() AS current_tenant) = '*'::text)));

GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.encryption_keys TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.job_schedules TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.jobs TO quayside_app;
GRANT SELECT ON quayside.schema_migrations TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.secret_ages TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.secrets TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.store_changes TO quayside_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON quayside.tenants TO quayside_app;
