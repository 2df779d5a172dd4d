// A PostgreSQL database as a Database: read-only sessions, one named prepared statement each, deadlines on both sides.
import type { Log } from '../../telemetry/log.ts';
import type { JsonObject } from '../../tool.ts';
import { checkColumns } from '../columns.ts';
import {
  type Cancellation,
  type Database,
  DatabaseError,
  type DatabaseHealth,
  type ObserveQuery,
  type PreparedQuery,
  type QueryLimits,
  type QueryRequest,
  type QueryResult,
} from '../database.ts';
import { readStatement, type Statement } from '../statement.ts';
import { Watch } from '../watch.ts';
import { describe, runCapped } from './capped-query.ts';
import type { Connection } from './connection.ts';
import { isConnectionFailure, postgresFailure, sqlState } from './failure.ts';
import type { Pool } from './pool.ts';
import { checkPostgresStatement, isQuiet } from './quiet.ts';
import { parameterText } from './values.ts';
import type { PreparedText } from './wire.ts';

/** How long starting waits for a server before statements are left to be checked by their first run. */
const PREPARE_WAIT_MS = 2000;
/** How long a health check may take. */
const HEALTH_TIMEOUT_MS = 2000;

/** The prepared statement fits the tables no more, or is gone: prepare it again on a fresh session. */
const STALE_STATES: ReadonlySet<string> = new Set(['0A000', '26000', '42P05']);

export interface PostgresDatabaseDeps {
  readonly name: string;
  readonly pool: Pool;
  readonly log: Log;
  readonly observe: ObserveQuery;
}

/** Nothing is connected before the first statement is prepared. */
export function createPostgresDatabase(deps: PostgresDatabaseDeps): Database {
  let lastStatement = 0;

  async function prepare(source: string, limits: QueryLimits): Promise<PreparedQuery> {
    const statement = readStatement(source, 'postgres');
    checkPostgresStatement(statement);
    lastStatement += 1;
    const prepared: PreparedText = { name: `quayside_${lastStatement}`, text: statement.text };
    await checkOnServer(deps, prepared, limits);
    return createQuery(deps, statement, prepared, limits);
  }

  async function query({
    statement: source,
    parameters,
    signal,
    ...limits
  }: QueryRequest): Promise<QueryResult> {
    const statement = readStatement(source, 'postgres');
    checkPostgresStatement(statement);
    // Unnamed: replaced by the next one, so that statements used once do not pile up on the server.
    const once = createQuery(deps, statement, { name: '', text: statement.text }, limits);
    return once.run(parameters, signal === undefined ? undefined : { signal });
  }

  return {
    name: deps.name,
    kind: 'postgres',
    prepare,
    query,
    health: () => checkHealth(deps.pool, query),
    stats: () => ({ name: deps.name, kind: 'postgres', ...deps.pool.stats() }),
    close: () => deps.pool.close(),
  };
}

/** Lets the server parse the statement. A server that cannot be reached is a warning, not a failure. */
async function checkOnServer(
  deps: PostgresDatabaseDeps,
  prepared: PreparedText,
  limits: QueryLimits,
): Promise<void> {
  let connection: Connection;
  const watch = new Watch(PREPARE_WAIT_MS, undefined);
  try {
    connection = await deps.pool.acquire(limits.timeoutMs, watch);
    watch.set(() => connection.destroy(false));
  } catch (error) {
    watch.end();
    const failure = postgresFailure(error);
    if (failure.kind === 'config') throw failure;
    deps.log.warn(
      { database: deps.name },
      'database cannot be reached; its statements are checked by their first run',
    );
    return;
  }
  try {
    const columns = await describe(connection, prepared);
    if (columns.length === 0) throw new DatabaseError('refused', 'The statement answers no columns.');
    checkColumns(columns.map((column) => column.name));
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    if (isConnectionFailure(error)) return;
    const message = error instanceof Error ? error.message : String(error);
    throw new DatabaseError('syntax', `PostgreSQL cannot prepare the statement: ${message}.`, error);
  } finally {
    watch.end();
    deps.pool.release(connection);
  }
}

async function checkHealth(
  pool: Pool,
  query: (request: QueryRequest) => Promise<QueryResult>,
): Promise<DatabaseHealth> {
  try {
    await query({
      statement: 'SELECT 1 AS ok',
      parameters: {},
      maxRows: 1,
      maxBytes: 1024,
      timeoutMs: HEALTH_TIMEOUT_MS,
    });
    return { status: 'ok' };
  } catch (error) {
    const { kind, message } = postgresFailure(error);
    // Waiting too long for one of the sessions is a busy database, not a dead one.
    const alive = pool.failure === undefined && (kind === 'busy' || kind === 'timeout');
    return { status: alive ? 'degraded' : 'down', message };
  }
}

function createQuery(
  { pool, observe }: PostgresDatabaseDeps,
  { bindings, parameterNames, ...statement }: Statement,
  prepared: PreparedText,
  limits: QueryLimits,
): PreparedQuery {
  const quiet = isQuiet({ bindings, parameterNames, ...statement });
  const { maxRows, maxBytes, timeoutMs } = limits;

  async function run(parameters: JsonObject, cancellation?: Cancellation): Promise<QueryResult> {
    const start = performance.now();
    const watch = new Watch(timeoutMs, cancellation);
    try {
      const values = bindings.map((name) => parameterText(parameters[name]));
      const first = await attempt(values, watch);
      if (first !== STALE) return first;
      const second = await attempt(values, watch);
      if (second !== STALE) return second;
      throw new DatabaseError('failed', 'The tables of the statement keep changing; try again.');
    } catch (error) {
      throw postgresFailure(error);
    } finally {
      watch.end();
      observe({ operation: 'postgres', seconds: (performance.now() - start) / 1000 });
    }
  }

  async function attempt(
    values: readonly (string | null)[],
    watch: Watch,
  ): Promise<QueryResult | typeof STALE> {
    const connection = pool.take(timeoutMs) ?? (await pool.acquire(timeoutMs, watch));
    try {
      return await runUntil(watch, connection, () => runOn(connection, values));
    } catch (error) {
      if (!isStaleStatement(error, quiet)) throw error;
      connection.destroy(false);
      return STALE;
    } finally {
      pool.release(connection);
    }
  }

  async function runOn(connection: Connection, values: readonly (string | null)[]): Promise<QueryResult> {
    const options = { ...prepared, values, maxRows, maxBytes };
    if (quiet) return checkResult(await runCapped(connection, options));
    await connection.command('BEGIN TRANSACTION READ ONLY');
    try {
      const result = checkResult(await runCapped(connection, options));
      await connection.command('ROLLBACK');
      await connection.command('DISCARD ALL');
      connection.described.clear();
      return result;
    } catch (error) {
      // In whatever state the session is now, nobody else may meet it.
      connection.destroy(false);
      throw error;
    }
  }

  return { parameterNames, place: 'server', run };
}

/** The statement must be prepared again. */
const STALE = Symbol('stale');

/** Code 0A000 also means "not supported" in general: only on a session that had prepared the statement is it stale. */
function isStaleStatement(error: unknown, quiet: boolean): boolean {
  const state = sqlState(error);
  if (state === undefined || !STALE_STATES.has(state) || !quiet) return false;
  return state !== '0A000' || (error instanceof Error && error.message.includes('cached plan'));
}

function checkResult(result: QueryResult): QueryResult {
  checkColumns(result.columns);
  return result;
}

/** Runs `work` until `watch` ends: then the statement is cancelled and its session thrown away. */
function runUntil(
  watch: Watch,
  connection: Connection,
  work: () => Promise<QueryResult>,
): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    watch.set((reason) => {
      isOver = true;
      connection.destroy(true);
      reject(reason);
    });
    if (!isOver) work().then(resolve, reject);
  });
}
