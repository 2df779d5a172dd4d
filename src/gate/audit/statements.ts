// SQL over the audit log; the same text for the embedded file and for PostgreSQL.
import { usualValues } from '../../store/migrations/0006-audit.ts';
import { type StoreRow, systemStatement, tenantStatement } from '../../store/statement.ts';
import { RECORD_COLUMNS } from './record.ts';

/** Columns that hold JSON. */
export const JSON_COLUMNS: readonly string[] = ['permissions', 'changes', 'metadata'];

/** Every column of a record; JSON as text, which PostgreSQL's jsonb would not give by itself. */
const COLUMNS = RECORD_COLUMNS.map(([column]) =>
  JSON_COLUMNS.includes(column) ? `CAST(${column} AS TEXT) AS ${column}` : column,
).join(', ');

/** Types of the columns on PostgreSQL, for rows that travel as JSON. */
const RECORD_TYPES: Readonly<Record<string, string>> = Object.fromEntries(
  RECORD_COLUMNS.map(([column]) => [column, typeOf(column)]),
);
const HEAD_TYPES = {
  writer: 'TEXT',
  tenant_id: 'TEXT',
  seq: 'BIGINT',
  hash: 'TEXT',
  updated_at: 'BIGINT',
  key_id: 'TEXT',
  mac: 'TEXT',
} as const;

/** One chain in order, from behind `after`. */
export const readChain = systemStatement<StoreRow>(
  'audit.readChain',
  `SELECT ${COLUMNS} FROM audit_logs
   WHERE tenant_id = :chain_tenant AND writer = :writer AND seq > :after ORDER BY seq LIMIT :limit`,
);

/** Every chain with what its writer says is its end. */
export const readHeads = systemStatement<StoreRow>(
  'audit.readHeads',
  'SELECT writer, tenant_id, seq, hash, updated_at, key_id, mac FROM audit_heads ORDER BY writer, tenant_id',
);

/** Every chain that has records, whether or not its head is known. */
export const readChainNames = systemStatement<StoreRow>(
  'audit.readChainNames',
  'SELECT writer, tenant_id, MIN(seq) AS first, MAX(seq) AS last FROM audit_logs GROUP BY writer, tenant_id ORDER BY writer, tenant_id',
);

export const readCheckpoints = systemStatement<StoreRow>(
  'audit.readCheckpoints',
  `SELECT writer, number, created_at, heads, links, prev_hash, hash, key_id, signature
   FROM audit_checkpoints WHERE writer > :writer OR (writer = :writer AND number > :number)
   ORDER BY writer, number LIMIT :limit`,
);

/** The newest checkpoints: what a new one of another writer links to. */
export const readLastCheckpoints = systemStatement<StoreRow>(
  'audit.readLastCheckpoints',
  'SELECT writer, number, hash FROM audit_checkpoints ORDER BY created_at DESC, number DESC LIMIT :limit',
);

export const readAnchors = systemStatement<StoreRow>(
  'audit.readAnchors',
  `SELECT writer, tenant_id, seq, hash, removed, created_at, cutoff, key_id, signature
   FROM audit_anchors ORDER BY writer, tenant_id, seq`,
);

/** The first record of each chain that retention must leave: everything before it may go. */
export const readPurgeable = systemStatement<StoreRow>(
  'audit.readPurgeable',
  `SELECT h.writer, h.tenant_id,
     COALESCE((SELECT MIN(l.seq) FROM audit_logs l
       WHERE l.tenant_id = h.tenant_id AND l.writer = h.writer AND l.created_at >= :cutoff), h.seq + 1) AS keep,
     (SELECT MIN(l.seq) FROM audit_logs l WHERE l.tenant_id = h.tenant_id AND l.writer = h.writer) AS first
   FROM audit_heads h ORDER BY h.writer, h.tenant_id`,
);

/** How far a receiver has got in each chain. */
export const readCursors = systemStatement<StoreRow>(
  'audit.readCursors',
  'SELECT writer, tenant_id, seq FROM audit_cursors WHERE receiver = :receiver',
);

export const writeCursor = systemStatement(
  'audit.writeCursor',
  `INSERT INTO audit_cursors (receiver, writer, tenant_id, seq) VALUES (:receiver, :writer, :chain_tenant, :seq)
   ON CONFLICT (receiver, writer, tenant_id) DO UPDATE SET seq = excluded.seq`,
);

export const insertAnchor = systemStatement(
  'audit.insertAnchor',
  `INSERT INTO audit_anchors (writer, tenant_id, seq, hash, removed, created_at, cutoff, key_id, signature)
   VALUES (:writer, :chain_tenant, :seq, :hash, :removed, :created_at, :cutoff, :key_id, :signature)`,
);

/** The trigger lets only what an anchor covers go; on PostgreSQL only this function may delete at all. */
export const deletePrefix = systemStatement('audit.deletePrefix', {
  sqlite: 'DELETE FROM audit_logs WHERE tenant_id = :chain_tenant AND writer = :writer AND seq <= :seq',
  postgres: 'SELECT quayside.audit_remove_prefix(:chain_tenant, :writer, :seq) AS removed',
});

/** A whole group in one statement: `rows` is a JSON array of objects by column. */
export const insertRecords = systemStatement(
  'audit.insertRecords',
  insertAll('audit_logs', RECORD_TYPES, 'tenant_id, writer, seq'),
);

export const insertCheckpoint = systemStatement(
  'audit.insertCheckpoint',
  `INSERT INTO audit_checkpoints (writer, number, created_at, heads, links, prev_hash, hash, key_id, signature)
   VALUES (:writer, :number, :created_at, :heads, :links, :prev_hash, :hash, :key_id, :signature)
   ON CONFLICT (writer, number) DO NOTHING`,
);

/** The ends of the chains that a group has moved. */
export const writeHeads = systemStatement(
  'audit.writeHeads',
  insertAll('audit_heads', HEAD_TYPES, 'writer, tenant_id', ['seq', 'hash', 'updated_at', 'key_id', 'mac']),
);

/** What a query may ask for, with the column that answers it. */
const FILTERS = {
  user: 'user_id',
  action: 'action',
  resource_type: 'resource_type',
  resource_id: 'resource_id',
  event_type: 'event_type',
  tool: 'tool_name',
  result: 'result',
  request_id: 'request_id',
} as const;

/** The names that {@link queryStatement} takes. */
export type FilterName = keyof typeof FILTERS;
export const FILTER_NAMES: readonly FilterName[] = [
  'request_id',
  'resource_id',
  'resource_type',
  'user',
  'action',
  'event_type',
  'tool',
  'result',
];

/** Filters that an index answers together. */
interface Lead {
  readonly names: readonly FilterName[];
  readonly index: string;
}

/** The most telling first. */
const LEADS: readonly Lead[] = [
  { names: ['request_id'], index: 'audit_logs_request' },
  { names: ['resource_type', 'resource_id'], index: 'audit_logs_resource' },
  { names: ['user'], index: 'audit_logs_user' },
  { names: ['action'], index: 'audit_logs_action' },
  { names: ['event_type'], index: 'audit_logs_event_type' },
];
const BY_TIME: Lead = { names: [], index: 'audit_logs_time' };

/**
 * One page of one tenant's records, newest first. One statement per lead: an equality that is there lets the database
 * use its index, where `:x IS NULL OR` would not.
 */
const queries = new Map([BY_TIME, ...LEADS].map((lead) => [lead, declareQuery(lead)] as const));

/** The statement whose index serves these filters best. */
export function queryStatement(given: ReadonlyMap<string, string>): ReturnType<typeof declareQuery> {
  const isServed = ({ names }: Lead) =>
    names.every((name) => given.has(name) && given.get(name) !== usualOf(name));
  const statement = queries.get(LEADS.find(isServed) ?? BY_TIME);
  if (statement === undefined) throw new RangeError('no statement for these filters');
  return statement;
}

function declareQuery({ names, index }: Lead) {
  const conditions = FILTER_NAMES.map((name) =>
    names.includes(name)
      ? `${FILTERS[name]} = :${name}${exceptUsual(name)}`
      : `(CAST(:${name} AS TEXT) IS NULL OR ${FILTERS[name]} = :${name})`,
  );
  const select = (table: string) => `SELECT ${COLUMNS} FROM ${table}
     WHERE tenant_id = :tenant AND created_at >= :from AND created_at < :to
       AND (created_at, id) < (:before_at, :before_id)
       AND ${conditions.join('\n       AND ')}
     ORDER BY created_at DESC, id DESC LIMIT :limit`;
  return tenantStatement<StoreRow>(`audit.query${names.map((name) => `.${name}`).join('')}`, {
    // SQLite keeps no statistics of what it was not told to analyse, and would take the index over the time always.
    sqlite: select(`audit_logs INDEXED BY ${index}`),
    postgres: select('audit_logs'),
  });
}

/** Said in the words of the index, which else would not be used. */
function exceptUsual(name: FilterName): string {
  const usual = usualOf(name);
  return usual === undefined ? '' : ` AND ${FILTERS[name]} <> '${usual}'`;
}

function usualOf(name: FilterName): string | undefined {
  return name === 'action' || name === 'event_type' ? usualValues[name] : undefined;
}

function typeOf(column: string): string {
  if (JSON_COLUMNS.includes(column)) return 'JSONB';
  if (column === 'seq' || column === 'created_at') return 'BIGINT';
  return column === 'duration_ms' ? 'DOUBLE PRECISION' : 'TEXT';
}

/** Rows that are there already are left, or moved on in `moved`. */
function insertAll(
  table: string,
  types: Readonly<Record<string, string>>,
  key: string,
  moved: readonly string[] = [],
): { readonly sqlite: string; readonly postgres: string } {
  const columns = Object.keys(types);
  const into = `INSERT INTO ${table} (${columns.join(', ')})`;
  const change =
    moved.length === 0
      ? 'NOTHING'
      : `UPDATE SET ${moved.map((column) => `${column} = excluded.${column}`).join(', ')}`;
  const conflict = `ON CONFLICT (${key}) DO ${change}`;
  const shape = columns.map((column) => `${column} ${types[column]}`).join(', ');
  return {
    sqlite: `${into} SELECT ${columns.map((column) => `value ->> '$.${column}'`).join(', ')} FROM json_each(:rows) WHERE true ${conflict}`,
    postgres: `${into} SELECT ${columns.join(', ')} FROM json_to_recordset(CAST(:rows AS JSON)) AS r(${shape}) ${conflict}`,
  };
}
