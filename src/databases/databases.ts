// The named databases of one definition, opened lazily; the one place that knows which engine is which.
import type { Definition } from '../definition/schema/definition.ts';
import type { Log } from '../telemetry/log.ts';
import { type Database, DatabaseError, type DatabaseStats, type ObserveQuery } from './database.ts';
import { type DatabaseAddress, parseDatabaseUrl } from './database-url.ts';
import { createPostgresDatabase } from './postgres/database.ts';
import { Pool } from './postgres/pool.ts';
import { ChildPool } from './sqlite/child-pool.ts';
import { createSqliteDatabase } from './sqlite/database.ts';

/** Children for SQLite statements that are not proven bounded: two let one runaway not stop all others. */
const CHILD_PROCESSES = 2;

export interface DatabasesDeps {
  /** Directory of the definition file; relative file names resolve against it. */
  readonly baseDirectory: string;
  readonly log: Log;
  readonly observe?: ObserveQuery;
}

/** The databases of one definition by name; closing ends all their connections and child processes. */
export interface Databases {
  /** Undefined when the definition names no such database. */
  get(name: string): Database | undefined;
  readonly names: readonly string[];
  /** One entry per PostgreSQL database, and one for the children that all SQLite databases share. */
  stats(): readonly DatabaseStats[];
  close(): Promise<void>;
}

/**
 * Reads the urls of all databases; files and connections are opened by the first statement.
 * Throws DatabaseError `config` naming the database, for a url that cannot be served or a mode that is not there yet.
 */
export function openDatabases(definitions: Definition['databases'], deps: DatabasesDeps): Databases {
  const children = new ChildPool({ size: CHILD_PROCESSES });
  const databases = new Map<string, Database>();
  for (const [name, definition] of Object.entries(definitions)) {
    databases.set(name, openDatabase(name, definition, deps, children));
  }
  return {
    get: (name) => databases.get(name),
    names: [...databases.keys()],
    stats: () => distinctStats([...databases.values()]),
    async close() {
      await Promise.all([...databases.values()].map((database) => database.close()));
      await children.close();
    },
  };
}

function distinctStats(databases: readonly Database[]): readonly DatabaseStats[] {
  const firstSqlite = databases.find((database) => database.kind === 'sqlite');
  const counted = databases.filter((database) => database.kind !== 'sqlite' || database === firstSqlite);
  return counted.map((database) => database.stats());
}

type DatabaseDefinition = Definition['databases'][string];

function openDatabase(
  name: string,
  { url, mode, maxConnections }: DatabaseDefinition,
  { baseDirectory, log, observe = () => undefined }: DatabasesDeps,
  children: ChildPool,
): Database {
  if (mode === 'write') {
    throw new DatabaseError(
      'config',
      `databases.${name}.mode: only "read" works in this version; remove the key.`,
    );
  }
  const address = addressOf(name, url, baseDirectory);
  if (address.kind === 'sqlite') {
    return createSqliteDatabase({ name, path: address.path, pool: children, log, observe });
  }
  const pool = new Pool({ name, url: address.url, maxConnections, log });
  return createPostgresDatabase({ name, pool, log, observe });
}

function addressOf(name: string, url: string, baseDirectory: string): DatabaseAddress {
  try {
    return parseDatabaseUrl(url, baseDirectory);
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    throw new DatabaseError(error.kind, `databases.${name}.url: ${error.message}`);
  }
}
