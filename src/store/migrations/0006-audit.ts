// The audit log: records in chains, what is attested of them, and how far receivers have got. Nothing in it changes.
import { type Migration, systemTable, tenantTable } from './migration.ts';

type Dialect = Readonly<Record<'integer' | 'real' | 'json' | 'generated' | 'id', string>>;

const SQLITE: Dialect = { integer: 'INTEGER', real: 'REAL', json: 'TEXT', generated: 'VIRTUAL', id: 'TEXT' };
const POSTGRES: Dialect = {
  integer: 'BIGINT',
  real: 'DOUBLE PRECISION',
  json: 'JSONB',
  generated: 'STORED',
  id: 'TEXT',
};

/** Governance §8.1 with the writer of each chain. */
const LOGS = ({ integer, real, json, generated, id }: Dialect) => `CREATE TABLE audit_logs (
  writer TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  seq ${integer} NOT NULL,
  id ${id} NOT NULL,
  created_at ${integer} NOT NULL,
  event_type TEXT NOT NULL,
  result TEXT NOT NULL,
  action TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  resource_id TEXT,
  user_id TEXT,
  api_key_name TEXT,
  tool_name TEXT,
  session_id TEXT,
  permissions ${json},
  request_id TEXT,
  ip_address TEXT,
  user_agent TEXT,
  duration_ms ${real},
  arguments_hash TEXT,
  changes ${json},
  metadata ${json},
  prev_hash TEXT NOT NULL,
  hash TEXT NOT NULL,
  updated_at ${integer} GENERATED ALWAYS AS (created_at) ${generated},
  PRIMARY KEY (tenant_id, writer, seq)
)`;

/**
 * What nearly every record says. A search for it is served best by the time, newest first; an index over it would only
 * cost every call. So the indexes of these two columns hold the other values.
 */
export const usualValues = { action: 'tools/call', event_type: 'tool.executed' } as const;

const LOG_INDEXES = [
  'CREATE INDEX audit_logs_time ON audit_logs (tenant_id, created_at DESC, id DESC)',
  'CREATE INDEX audit_logs_resource ON audit_logs (tenant_id, resource_type, resource_id, created_at DESC)',
  `CREATE INDEX audit_logs_action ON audit_logs (tenant_id, action, created_at DESC) WHERE action <> '${usualValues.action}'`,
  'CREATE INDEX audit_logs_user ON audit_logs (user_id, created_at) WHERE user_id IS NOT NULL',
  `CREATE INDEX audit_logs_event_type ON audit_logs (tenant_id, event_type, created_at DESC) WHERE event_type <> '${usualValues.event_type}'`,
  'CREATE INDEX audit_logs_request ON audit_logs (request_id) WHERE request_id IS NOT NULL',
];

/** The end of each chain, moved with every group of records. */
const HEADS = ({ integer }: Dialect) => `CREATE TABLE audit_heads (
  writer TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  seq ${integer} NOT NULL,
  hash TEXT NOT NULL,
  updated_at ${integer} NOT NULL,
  key_id TEXT NOT NULL,
  mac TEXT NOT NULL,
  PRIMARY KEY (writer, tenant_id)
)`;

const CHECKPOINTS = ({ integer }: Dialect) => `CREATE TABLE audit_checkpoints (
  writer TEXT NOT NULL,
  number ${integer} NOT NULL,
  created_at ${integer} NOT NULL,
  heads TEXT NOT NULL,
  links TEXT NOT NULL,
  prev_hash TEXT NOT NULL,
  hash TEXT NOT NULL,
  key_id TEXT NOT NULL,
  signature TEXT NOT NULL,
  PRIMARY KEY (writer, number)
)`;

const CHECKPOINT_INDEX =
  'CREATE INDEX audit_checkpoints_time ON audit_checkpoints (created_at DESC, number DESC)';

/** What retention leaves of the records that it removed. */
const ANCHORS = ({ integer }: Dialect) => `CREATE TABLE audit_anchors (
  writer TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  seq ${integer} NOT NULL,
  hash TEXT NOT NULL,
  removed ${integer} NOT NULL,
  created_at ${integer} NOT NULL,
  cutoff ${integer} NOT NULL,
  key_id TEXT NOT NULL,
  signature TEXT NOT NULL,
  PRIMARY KEY (writer, tenant_id, seq)
)`;

const CURSORS = ({ integer }: Dialect) => `CREATE TABLE audit_cursors (
  receiver TEXT NOT NULL,
  writer TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  seq ${integer} NOT NULL,
  PRIMARY KEY (receiver, writer, tenant_id)
)`;

const tables = (dialect: Dialect): readonly string[] => [
  LOGS(dialect),
  ...LOG_INDEXES,
  HEADS(dialect),
  CHECKPOINTS(dialect),
  CHECKPOINT_INDEX,
  ANCHORS(dialect),
  CURSORS(dialect),
];

const ANCHORED =
  'SELECT 1 FROM audit_anchors a WHERE a.writer = OLD.writer AND a.tenant_id = OLD.tenant_id AND a.seq >= OLD.seq';

const refuse = (name: string, when: string, table: string) =>
  `CREATE TRIGGER ${name} BEFORE ${when} BEGIN SELECT RAISE(ABORT, '${table} is append-only'); END`;

const SQLITE_TRIGGERS = [
  refuse('audit_logs_no_update', 'UPDATE ON audit_logs', 'audit_logs'),
  // Retention removes only what an anchor covers.
  refuse('audit_logs_retention', `DELETE ON audit_logs WHEN NOT EXISTS (${ANCHORED})`, 'audit_logs'),
  refuse('audit_heads_forward', 'UPDATE ON audit_heads WHEN NEW.seq < OLD.seq', 'audit_heads'),
  refuse('audit_heads_no_delete', 'DELETE ON audit_heads', 'audit_heads'),
  ...['audit_checkpoints', 'audit_anchors'].flatMap((table) => [
    refuse(`${table}_no_update`, `UPDATE ON ${table}`, table),
    refuse(`${table}_no_delete`, `DELETE ON ${table}`, table),
  ]),
];

/** Fires for every role, the owner and a superuser included. */
const POSTGRES_GUARDS = [
  `CREATE FUNCTION quayside.audit_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '42501';
END
$function$`,
  `CREATE FUNCTION quayside.audit_retain() RETURNS trigger LANGUAGE plpgsql SET search_path = quayside, pg_temp AS $function$
BEGIN
  IF NOT EXISTS (${ANCHORED}) THEN
    RAISE EXCEPTION 'audit_logs is append-only' USING ERRCODE = '42501';
  END IF;
  RETURN OLD;
END
$function$`,
  `CREATE FUNCTION quayside.audit_forward() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
  IF NEW.seq < OLD.seq THEN
    RAISE EXCEPTION 'audit_heads only grow' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END
$function$`,
  'CREATE TRIGGER audit_logs_no_update BEFORE UPDATE ON audit_logs FOR EACH ROW EXECUTE FUNCTION quayside.audit_refuse()',
  'CREATE TRIGGER audit_logs_retention BEFORE DELETE ON audit_logs FOR EACH ROW EXECUTE FUNCTION quayside.audit_retain()',
  'CREATE TRIGGER audit_heads_forward BEFORE UPDATE ON audit_heads FOR EACH ROW EXECUTE FUNCTION quayside.audit_forward()',
  'CREATE TRIGGER audit_heads_no_delete BEFORE DELETE ON audit_heads FOR EACH ROW EXECUTE FUNCTION quayside.audit_refuse()',
  ...['audit_checkpoints', 'audit_anchors'].map(
    (table) =>
      `CREATE TRIGGER ${table}_no_change BEFORE UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION quayside.audit_refuse()`,
  ),
  ...['audit_logs', 'audit_heads', 'audit_checkpoints', 'audit_anchors'].map(
    (table) =>
      `CREATE TRIGGER ${table}_no_truncate BEFORE TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION quayside.audit_refuse()`,
  ),
];

/**
 * The application role cannot delete. It may call this, which runs as the owner of the schema and removes what an
 * anchor covers and nothing else.
 */
const REMOVE_PREFIX = [
  `CREATE FUNCTION quayside.audit_remove_prefix(chain_tenant text, chain_writer text, last bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = quayside, pg_temp AS $function$
DECLARE
  removed bigint;
BEGIN
  DELETE FROM audit_logs WHERE tenant_id = chain_tenant AND writer = chain_writer AND seq <= last;
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END
$function$`,
  'REVOKE ALL ON FUNCTION quayside.audit_remove_prefix(text, text, bigint) FROM PUBLIC',
  'GRANT EXECUTE ON FUNCTION quayside.audit_remove_prefix(text, text, bigint) TO {{app}}',
];

const DROP_TABLES = ['audit_cursors', 'audit_anchors', 'audit_checkpoints', 'audit_heads', 'audit_logs'].map(
  (table) => `DROP TABLE ${table}`,
);

/**
 * The embedded store has these tables too and leaves them empty: there the audit thread keeps a file of its own with
 * the same ones ({@link auditTables}), so that its fsyncs and those of the other state do not wait for each other.
 */
export const audit: Migration = {
  id: 6,
  name: 'audit',
  up: {
    sqlite: [...tables(SQLITE), ...SQLITE_TRIGGERS],
    postgres: [
      ...tables(POSTGRES),
      'CREATE INDEX audit_logs_changes ON audit_logs USING GIN (changes jsonb_path_ops)',
      'CREATE INDEX audit_logs_metadata ON audit_logs USING GIN (metadata jsonb_path_ops)',
      ...tenantTable('audit_logs', { rights: ['SELECT', 'INSERT'] }),
      ...tenantTable('audit_heads', { rights: ['SELECT', 'INSERT', 'UPDATE'] }),
      ...systemTable('audit_checkpoints', ['SELECT', 'INSERT']),
      ...tenantTable('audit_anchors', { rights: ['SELECT', 'INSERT'] }),
      ...tenantTable('audit_cursors', { rights: ['SELECT', 'INSERT', 'UPDATE'] }),
      ...POSTGRES_GUARDS,
      ...REMOVE_PREFIX,
    ],
  },
  down: {
    sqlite: DROP_TABLES,
    postgres: [
      'DROP FUNCTION quayside.audit_remove_prefix(text, text, bigint)',
      ...DROP_TABLES,
      'DROP FUNCTION quayside.audit_forward()',
      'DROP FUNCTION quayside.audit_retain()',
      'DROP FUNCTION quayside.audit_refuse()',
    ],
  },
};

/** The statements that make the embedded audit file. */
export const auditTables: readonly string[] = audit.up.sqlite;
