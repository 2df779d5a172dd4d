// A SQLite file as a Database: statements proven bounded run on the main thread, all others in child processes.
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Database,
  DatabaseError,
  type DatabaseHealth,
  type PreparedQuery,
  type QueryLimits,
  type QueryRequest,
  type QueryResult,
} from '../database.ts';
import { readStatement } from '../statement.ts';
import { isLocked, sqliteFailure } from './failure.ts';
import { type GuardedConnection, openGuarded } from './guarded-connection.ts';
import { prepareSqlite, type SqliteQueryDeps } from './prepared-query.ts';

/** Largest value read on the main thread, where about 1 ms of work is in order; children read larger ones. */
const MAIN_MAX_VALUE_BYTES = 64 * 1024;
/** How long preparing waits for a writer that holds the whole file, and how often it looks. */
const PREPARE_WAIT_MS = 2000;
const PREPARE_RETRY_MS = 50;
/** Nothing is opened before the first statement is prepared. */
export function createSqliteDatabase(deps: SqliteQueryDeps): Database {
  let connection: GuardedConnection | undefined;

  function connect(): GuardedConnection {
    connection ??= openFile(deps);
    return connection;
  }

  async function prepare(source: string, limits: QueryLimits): Promise<PreparedQuery> {
    const statement = readStatement(source, 'sqlite');
    const end = performance.now() + PREPARE_WAIT_MS;
    while (true) {
      try {
        return prepareSqlite(deps, connect(), statement, limits);
      } catch (error) {
        const isBusy = error instanceof DatabaseError && error.kind === 'busy';
        if (!isBusy || performance.now() > end) throw error;
        await sleep(PREPARE_RETRY_MS);
      }
    }
  }

  return {
    name: deps.name,
    kind: 'sqlite',
    prepare,
    async query({ statement, parameters, signal, ...limits }: QueryRequest): Promise<QueryResult> {
      const prepared = await prepare(statement, limits);
      return prepared.run(parameters, signal === undefined ? undefined : { signal });
    },
    async health() {
      return checkHealth(deps.path, connect);
    },
    stats: () => ({ name: deps.name, kind: 'sqlite', ...deps.pool.stats() }),
    async close() {
      connection?.close();
      connection = undefined;
    },
  };
}

function openFile({ name, path }: SqliteQueryDeps): GuardedConnection {
  if (!existsSync(path)) {
    throw new DatabaseError(
      'config',
      `The file of database "${name}" does not exist; check the url or create the file first.`,
      new Error(`${path} does not exist`),
    );
  }
  try {
    // Waiting for a writer's lock would block the main loop: the children wait instead.
    return openGuarded({ path, maxValueBytes: MAIN_MAX_VALUE_BYTES, busyTimeoutMs: 0 });
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    if (isLocked(error)) throw sqliteFailure(error);
    throw new DatabaseError('config', `The file of database "${name}" cannot be opened as SQLite.`, error);
  }
}

function checkHealth(path: string, connect: () => GuardedConnection): DatabaseHealth {
  try {
    if (!existsSync(path)) return { status: 'down', message: 'The file is missing.' };
    connect().compile('SELECT 1').get();
    return { status: 'ok' };
  } catch (error) {
    return { status: 'down', message: sqliteFailure(error).message };
  }
}
