// The embedded audit log: a SQLite file of its own, written by the audit thread alone, so that its fsyncs and those of
// the other state never wait for each other.
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { StateError } from '../../secrets/state-error.ts';
import { auditTables } from '../../store/migrations/0006-audit.ts';
import type { Statement, StoreRow, StoreValues } from '../../store/statement.ts';
import { anchorValues } from './proof-values.ts';
import { type AuditRecord, RECORD_COLUMNS } from './record.ts';
import type { AuditReading } from './source.ts';
import { deletePrefix, insertAnchor, readLastCheckpoints, writeCursor } from './statements.ts';
import type { AuditGroup, AuditTable } from './table.ts';

/** Raised when a table changes; a file of another version is refused, not guessed at. */
const AUDIT_SCHEMA_VERSION = 1;
/** Another process that serves the same folder commits within milliseconds. */
const BUSY_TIMEOUT_MS = 5000;
/** Pages until the log is copied into the file: 16 MiB, so that bursts are not slowed down by it. */
const CHECKPOINT_PAGES = 4096;
/** KiB of pages that are kept in memory: the last pages of nine trees. */
const CACHE_KIB = 16 * 1024;

const INSERT_RECORD = `INSERT INTO audit_logs (${RECORD_COLUMNS.map(([column]) => column).join(', ')})
  VALUES (${RECORD_COLUMNS.map(() => '?').join(', ')}) ON CONFLICT (tenant_id, writer, seq) DO NOTHING`;
const WRITE_HEAD = `INSERT INTO audit_heads (writer, tenant_id, seq, hash, updated_at, key_id, mac)
  VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (writer, tenant_id) DO UPDATE SET
  seq = excluded.seq, hash = excluded.hash, updated_at = excluded.updated_at, key_id = excluded.key_id, mac = excluded.mac`;
const INSERT_CHECKPOINT = `INSERT INTO audit_checkpoints
  (writer, number, created_at, heads, links, prev_hash, hash, key_id, signature)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (writer, number) DO NOTHING`;

/** Opens the file, making it when it is not there. Throws StateError when it is not one of this version. */
export function openSqliteTable(path: string): AuditTable & AuditReading {
  const database = openFile(path);
  const insertRecord = database.prepare(INSERT_RECORD);
  const writeHead = database.prepare(WRITE_HEAD);
  const insertCheckpoint = database.prepare(INSERT_CHECKPOINT);
  const run = createRunner(database);
  const transact = <T>(work: () => T): T => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
  // A commit under FULL is synced, with all that were not; one under NORMAL outlives the process alone
  // (sqlite.org/pragma.html#pragma_synchronous, in WAL mode).
  let isSynced = true;
  const setSynced = (wanted: boolean): void => {
    if (isSynced !== wanted) database.exec(`PRAGMA synchronous = ${wanted ? 'FULL' : 'NORMAL'}`);
    isSynced = wanted;
  };
  const appendNow = ({ records, heads, checkpoint: point }: AuditGroup) =>
    transact(() => {
      for (const record of records) insertRecord.run(...valuesOf(record));
      for (const { writer, tenantId, seq, hash, updatedAt, keyId, mac } of heads)
        writeHead.run(writer, tenantId, seq, hash, updatedAt, keyId, mac);
      if (point === undefined) return;
      const { writer, number, createdAt, heads: ends, links, prevHash, hash, keyId, signature } = point;
      insertCheckpoint.run(writer, number, createdAt, ends, links, prevHash, hash, keyId, signature);
    });
  return {
    reprintsJson: false,
    async append(group, mustSync) {
      setSynced(mustSync);
      appendNow(group);
      return mustSync;
    },
    async lastCheckpoints(limit) {
      return run
        .all(readLastCheckpoints, { limit })
        .map(({ writer, number, hash }) => [String(writer), Number(number), String(hash)]);
    },
    async removePrefix(anchor) {
      setSynced(true);
      return transact(() => {
        run.change(insertAnchor, anchorValues(anchor));
        const { writer, tenantId, seq } = anchor;
        return run.change(deletePrefix, { writer, chain_tenant: tenantId, seq });
      });
    },
    read: async (scope, statement, values) =>
      run.all(statement, scope === 'system' ? values : { ...values, tenant: scope.tenant }),
    async moveCursor({ receiver, writer, tenantId, seq }) {
      run.change(writeCursor, { receiver, writer, chain_tenant: tenantId, seq });
    },
    close: async () => database.close(),
  };
}

/** Opens the file for reading only; it must exist. */
export function openSqliteReading(path: string): AuditReading {
  if (!existsSync(path))
    throw new StateError(`There is no audit log at ${path}; name its folder with --data.`);
  const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  checkVersion(database, path);
  const run = createRunner(database);
  return {
    reprintsJson: false,
    read: async (scope, statement, values) =>
      run.all(statement, scope === 'system' ? values : { ...values, tenant: scope.tenant }),
    close: async () => database.close(),
  };
}

function openFile(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true });
  // Made with the right mode before anything is in it; SQLite gives its side files the same one.
  closeSync(openSync(path, 'a', 0o600));
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  database.exec('PRAGMA journal_mode = WAL');
  // FULL: what was acknowledged survives the loss of power, not only the death of the process.
  database.exec('PRAGMA synchronous = FULL');
  database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  database.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
  database.exec('BEGIN IMMEDIATE');
  try {
    if (versionOf(database) === 0)
      database.exec([...auditTables, `PRAGMA user_version = ${AUDIT_SCHEMA_VERSION}`].join(';\n'));
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
  checkVersion(database, path);
  return database;
}

function checkVersion(database: DatabaseSync, path: string): void {
  const version = versionOf(database);
  if (version === AUDIT_SCHEMA_VERSION) return;
  database.close();
  throw new StateError(
    `${path} has version ${version} of the audit tables, and this program knows ${AUDIT_SCHEMA_VERSION}; run the version that wrote it.`,
  );
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version);
}

/** Declared statements on this connection, each prepared once. */
function createRunner(database: DatabaseSync) {
  const prepared = new Map<string, StatementSync>();
  const prepare = (statement: Statement<unknown>): StatementSync => {
    let found = prepared.get(statement.name);
    if (found === undefined) {
      found = database.prepare(statement.text.sqlite);
      // Values that only the other store's text needs are no mistake.
      found.setAllowUnknownNamedParameters(true);
      prepared.set(statement.name, found);
    }
    return found;
  };
  return {
    all: (statement: Statement<unknown>, values: StoreValues): StoreRow[] =>
      prepare(statement)
        .all({ ...values })
        .map(parseRow),
    change: (statement: Statement<unknown>, values: StoreValues): number =>
      Number(prepare(statement).run({ ...values }).changes),
  };
}

/** No column of these tables holds more than a double can. */
function parseRow(row: Record<string, SQLOutputValue>): StoreRow {
  return { ...row } as StoreRow;
}

function valuesOf(record: AuditRecord): (string | number | null)[] {
  return RECORD_COLUMNS.map(([, field]) => record[field]);
}
