// Tenants, the counters of changes, and the tenant context that row-level security asks.
import { type Migration, systemTable, tenantTable } from './migration.ts';

/** Governance §5: the tenant of an install that has no others. */
const DEFAULT_TENANT =
  "INSERT INTO tenants (id, name, slug, is_active, settings, created_at, updated_at) VALUES ('default', 'Default', 'default', 1, '{}', 0, 0)";

const TENANTS = (integer: string) => `CREATE TABLE tenants (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  slug TEXT NOT NULL UNIQUE,
  contact_email TEXT,
  is_active ${integer} NOT NULL DEFAULT 1,
  settings TEXT NOT NULL DEFAULT '{}',
  created_at ${integer} NOT NULL,
  updated_at ${integer} NOT NULL
)`;

const STORE_CHANGES = (integer: string) => `CREATE TABLE store_changes (
  topic TEXT PRIMARY KEY,
  counter ${integer} NOT NULL
)`;

/**
 * Who the present transaction works for, or null. The setting `quayside.context` is
 * `<tenant in hex>.<expiry, epoch s>.<process id of the session>.<HMAC-SHA-256 of all before it>`. Whoever can run SQL
 * can write the setting, but not compute the last part: the key is in a schema that the application role cannot enter.
 * RFC 2104 with the padded keys kept ready, because PostgreSQL itself has sha256 and no HMAC.
 */
const CURRENT_TENANT = `CREATE FUNCTION quayside.current_tenant() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
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
$function$`;

export const base: Migration = {
  id: 1,
  name: 'base',
  up: {
    sqlite: [TENANTS('INTEGER'), DEFAULT_TENANT, STORE_CHANGES('INTEGER')],
    postgres: [
      CURRENT_TENANT,
      'REVOKE ALL ON FUNCTION quayside.current_tenant() FROM PUBLIC',
      'GRANT EXECUTE ON FUNCTION quayside.current_tenant() TO {{app}}',
      TENANTS('BIGINT'),
      DEFAULT_TENANT,
      ...tenantTable('tenants', { column: 'id' }),
      STORE_CHANGES('BIGINT'),
      ...systemTable('store_changes'),
    ],
  },
  down: {
    sqlite: ['DROP TABLE store_changes', 'DROP TABLE tenants'],
    postgres: ['DROP TABLE store_changes', 'DROP TABLE tenants', 'DROP FUNCTION quayside.current_tenant()'],
  },
};
