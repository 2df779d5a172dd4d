// Brings a SQLite file to a schema. Another process that tries the same waits for the file's lock.
import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Migration } from '../migrations/migration.ts';
import { type AppliedMigration, type MigrationStep, planMigrations } from '../migrations/plan.ts';
import { openForReading, openForWriting } from './connection.ts';

/** Where a schema is to be taken. */
export interface MigrateOptions {
  readonly all: readonly Migration[];
  /** Id of the last migration that stays; 0 takes everything back. */
  readonly target: number;
  /** Epoch milliseconds, for the record. */
  readonly now: () => number;
}

const TABLE =
  'CREATE TABLE IF NOT EXISTS schema_migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL)';

/** Runs what is missing, each migration in a transaction of its own. Throws SchemaError, or what SQLite reports. */
export function migrateSqlite(path: string, options: MigrateOptions): readonly MigrationStep[] {
  const applied = appliedSqlite(path);
  if (applied !== undefined && planMigrations({ ...options, applied }).length === 0) return [];
  const database = openForWriting(path);
  try {
    database.exec(TABLE);
    const steps = planMigrations({ ...options, applied: readApplied(database) });
    return steps.filter((step) => runStep(database, step, options.now()));
  } finally {
    database.close();
  }
}

/** What ran on the file; undefined when there is no schema at all. */
export function appliedSqlite(path: string): readonly AppliedMigration[] | undefined {
  if (!existsSync(path)) return undefined;
  const database = openForReading(path);
  try {
    const table = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'").get();
    return table === undefined ? undefined : readApplied(database);
  } finally {
    database.close();
  }
}

/** False when another process has done it meanwhile. */
function runStep(database: DatabaseSync, { migration, direction }: MigrationStep, now: number): boolean {
  const { id, name } = migration;
  database.exec('BEGIN IMMEDIATE');
  try {
    const isApplied = readApplied(database).some((applied) => applied.id === id);
    const isDue = isApplied === (direction === 'down');
    if (isDue) {
      for (const statement of migration[direction].sqlite) database.exec(statement);
      if (direction === 'down') database.prepare('DELETE FROM schema_migrations WHERE id = ?').run(id);
      else database.prepare('INSERT INTO schema_migrations VALUES (?, ?, ?)').run(id, name, now);
    }
    database.exec('COMMIT');
    return isDue;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function readApplied(database: DatabaseSync): readonly AppliedMigration[] {
  return database
    .prepare('SELECT id, name, applied_at FROM schema_migrations ORDER BY id')
    .all()
    .map(({ id, name, applied_at }) => ({
      id: Number(id),
      name: String(name),
      appliedAt: Number(applied_at),
    }));
}
