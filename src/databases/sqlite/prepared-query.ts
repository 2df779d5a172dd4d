// One prepared SQLite statement: on the main thread while its program is proven bounded, else in a child process.

import type { Log } from '../../telemetry/log.ts';
import type { JsonObject } from '../../tool.ts';
import {
  type Cancellation,
  DatabaseError,
  type ObserveQuery,
  type PreparedQuery,
  type QueryLimits,
  type QueryResult,
} from '../database.ts';
import type { Statement } from '../statement.ts';
import { proveBounded } from './bounded-program.ts';
import type { ChildPool } from './child-pool.ts';
import { type CompiledStatement, compileStatement } from './compiled-statement.ts';
import { isLocked, isTooLarge, sqliteFailure } from './failure.ts';
import { type GuardedConnection, isStale } from './guarded-connection.ts';
import { rowLimitOf } from './row-limit.ts';
import { bindValues, type RowCaps } from './rows.ts';

/**
 * What one run on the main thread may yield: about 1 ms of work. A result beyond it is read again in a child,
 * which costs little since the run is proven bounded.
 */
const MAIN_CAPS: RowCaps = { maxRows: 1000, maxBytes: 1024 * 1024 };
/** Columns of a statement on the main thread: with the connection's value limit, one row weighs at most 4 MiB. */
const MAIN_MAX_COLUMNS = 64;

export interface SqliteQueryDeps {
  readonly name: string;
  readonly path: string;
  readonly pool: ChildPool;
  readonly log: Log;
  readonly observe: ObserveQuery;
}

interface MainStatement extends CompiledStatement {
  /** Rows it can yield at most, where its program has no loop. */
  readonly maxRows: number | undefined;
}

/** Made by {@link prepareSqlite}. */
class SqliteQuery implements PreparedQuery {
  readonly parameterNames: readonly string[];
  readonly #deps: SqliteQueryDeps;
  readonly #connection: GuardedConnection;
  readonly #statement: Statement;
  readonly #limits: QueryLimits;
  readonly #caps: RowCaps;
  readonly #rowLimit: (values: readonly unknown[]) => number | undefined;
  /** Undefined: runs in a child. */
  #main: MainStatement | undefined;

  constructor(
    deps: SqliteQueryDeps,
    connection: GuardedConnection,
    statement: Statement,
    limits: QueryLimits,
  ) {
    this.parameterNames = statement.parameterNames;
    this.#deps = deps;
    this.#connection = connection;
    this.#statement = statement;
    this.#limits = limits;
    this.#caps = {
      maxRows: Math.min(limits.maxRows, MAIN_CAPS.maxRows),
      maxBytes: Math.min(limits.maxBytes, MAIN_CAPS.maxBytes),
    };
    this.#rowLimit = rowLimitOf(statement.text, statement.bindings);
    this.#main = this.#compile();
  }

  get place(): 'main' | 'pool' {
    return this.#main === undefined ? 'pool' : 'main';
  }

  async run(parameters: JsonObject, cancellation?: Cancellation): Promise<QueryResult> {
    const start = performance.now();
    try {
      return this.#runHere(parameters, false) ?? (await this.#runInChild(parameters, cancellation));
    } finally {
      this.#deps.observe({ operation: 'sqlite', seconds: (performance.now() - start) / 1000 });
    }
  }

  /** Undefined where a child must do it. */
  #runHere(parameters: JsonObject, retried: boolean): QueryResult | undefined {
    if (this.#main === undefined) return undefined;
    try {
      const values = bindValues(this.#statement.bindings, parameters);
      const result = this.#main.run(values, this.#caps, this.#main.maxRows ?? this.#rowLimit(values));
      return this.#isFinal(result) ? result : undefined;
    } catch (error) {
      if (isStale(error)) return this.#runAnew(parameters, retried);
      if (isLocked(error) || isTooLarge(error)) return undefined;
      throw sqliteFailure(error);
    }
  }

  /** False when the main thread's own caps cut what the caller's would not. */
  #isFinal({ truncated, rows }: QueryResult): boolean {
    if (!truncated || rows.length === this.#limits.maxRows) return true;
    return this.#caps.maxBytes === this.#limits.maxBytes && rows.length < this.#caps.maxRows;
  }

  #runAnew(parameters: JsonObject, retried: boolean): QueryResult | undefined {
    if (retried) {
      // SQLite compiles it anew for each bound value, so no plan of it can be trusted here.
      this.#main = undefined;
      return undefined;
    }
    try {
      this.#main = this.#compile();
    } catch (error) {
      // It does not compile now: the child says why, or waits for the writer that is changing the schema.
      this.#deps.log.debug({ database: this.#deps.name, error: String(error) }, 'statement does not compile');
      return undefined;
    }
    return this.#runHere(parameters, true);
  }

  #runInChild(parameters: JsonObject, cancellation?: Cancellation): Promise<QueryResult> {
    const { maxRows, maxBytes, timeoutMs } = this.#limits;
    const { text, bindings } = this.#statement;
    const request = {
      path: this.#deps.path,
      text,
      bindings,
      parameters: Object.fromEntries(this.parameterNames.map((name) => [name, parameters[name]])),
      maxRows,
      maxBytes,
      busyTimeoutMs: timeoutMs,
    };
    return this.#deps.pool.run(request, timeoutMs, cancellation);
  }

  /** The statement for the main thread, if it may run there. Throws DatabaseError when it does not compile at all. */
  #compile(): MainStatement | undefined {
    const { text } = this.#statement;
    try {
      const compiled = compileStatement(this.#connection, text);
      const proof =
        compiled.columns.length > MAIN_MAX_COLUMNS
          ? { unbounded: 'too many columns' }
          : proveBounded(this.#connection, text);
      if (proof.unbounded === undefined) return { ...compiled, maxRows: proof.maxRows };
      const fields = { database: this.#deps.name, reason: proof.unbounded };
      this.#deps.log.debug(fields, 'statement runs in a child process');
      return undefined;
    } catch (error) {
      throw compileFailure(error);
    }
  }
}

/**
 * Compiles a statement and decides where it runs.
 * Throws DatabaseError `syntax`, `refused`, `config`, and `busy` while a writer holds the whole file.
 */
export function prepareSqlite(
  deps: SqliteQueryDeps,
  connection: GuardedConnection,
  statement: Statement,
  limits: QueryLimits,
): PreparedQuery {
  return new SqliteQuery(deps, connection, statement, limits);
}

function compileFailure(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error;
  if (isLocked(error)) return sqliteFailure(error);
  const message = error instanceof Error ? error.message : String(error);
  if (isStale(error) || /^not authorized|prohibited/.test(message)) {
    return new DatabaseError('refused', `The statement does more than read: ${message}.`, error);
  }
  return new DatabaseError('syntax', `SQLite cannot prepare the statement: ${message}.`, error);
}
