// What a database is to those who query it: one interface over SQLite and PostgreSQL. Shapes and the error only.
// It knows no tool, no handler and no definition; statements are read-only here, whatever the engine.
import type { JsonObject } from '../tool.ts';

export const DATABASE_KINDS = ['sqlite', 'postgres'] as const;
export type DatabaseKind = (typeof DATABASE_KINDS)[number];

export const DATABASE_ERROR_KINDS = [
  'config',
  'syntax',
  'refused',
  'unavailable',
  'busy',
  'timeout',
  'cancelled',
  'memory',
  'too_large',
  'failed',
] as const;
/**
 * - `config`: the url, a parameter or a column name is wrong; `syntax`: the engine cannot prepare the statement.
 * - `refused`: the statement is not one read; `unavailable`: no connection; `busy`: the queue is full.
 * - `timeout`, `cancelled`, `memory`, `too_large`: a bound was reached; `failed`: the engine reported an error.
 */
export type DatabaseErrorKind = (typeof DATABASE_ERROR_KINDS)[number];

/** A failed statement. `message` may be shown to the caller; what the driver said is in `cause`, for the log. */
export class DatabaseError extends Error {
  readonly kind: DatabaseErrorKind;

  constructor(kind: DatabaseErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'DatabaseError';
    this.kind = kind;
  }
}

/** What a statement may cost. All are upper bounds. */
export interface QueryLimits {
  /** Rows answered; one more is read to know whether there were more. */
  readonly maxRows: number;
  /** UTF-8 bytes of the values and column names of all rows answered. */
  readonly maxBytes: number;
  /** Milliseconds from the call of `run` to its end, time in the queue included. */
  readonly timeoutMs: number;
}

/**
 * Rows as JSON values: integers beyond 2^53 and exact decimals are strings, binary values base64,
 * timestamps with a zone ISO 8601 in UTC (spec sql §4).
 */
export interface QueryResult {
  readonly columns: readonly string[];
  readonly rows: readonly JsonObject[];
  /** True when `maxRows` or `maxBytes` cut rows off. */
  readonly truncated: boolean;
  readonly totalBytes: number;
}

/** Whatever has a signal; a Call does. Read only where a run can outlive its caller's interest. */
export interface Cancellation {
  readonly signal: AbortSignal;
}

/** A statement that was checked once and may run often. */
export interface PreparedQuery {
  /** In order of first use, without the colon. */
  readonly parameterNames: readonly string[];
  /** `main`: proven bounded, runs on the main thread. `pool`: in a child process. `server`: PostgreSQL. */
  readonly place: 'main' | 'pool' | 'server';
  /** A parameter that is absent or undefined is bound as NULL. Rejects with DatabaseError. */
  run(parameters: JsonObject, cancellation?: Cancellation): Promise<QueryResult>;
}

export interface DatabaseHealth {
  readonly status: 'ok' | 'degraded' | 'down';
  /** Safe to show: names no host, file or account. */
  readonly message?: string;
}

/** Gauges of one database's connections or child processes. */
export interface DatabaseStats {
  readonly name: string;
  readonly kind: DatabaseKind;
  readonly size: number;
  readonly idle: number;
  readonly waiting: number;
}

/** One named database of a definition, whatever its engine. */
export interface Database {
  readonly name: string;
  readonly kind: DatabaseKind;
  /**
   * Checks a statement (one read, known parameters, unique column names) and prepares it. An engine that
   * cannot be reached is no failure: the statement is then checked by its first run.
   * Throws DatabaseError `config`, `syntax`, `refused` with a message for the author.
   */
  prepare(statement: string, limits: QueryLimits): Promise<PreparedQuery>;
  /** Prepares and runs once. */
  query(request: QueryRequest): Promise<QueryResult>;
  health(): Promise<DatabaseHealth>;
  stats(): DatabaseStats;
  close(): Promise<void>;
}

export interface QueryRequest extends QueryLimits {
  readonly statement: string;
  readonly parameters: JsonObject;
  readonly signal?: AbortSignal;
}

/** Told the seconds each run took, failures included. */
export type ObserveQuery = (observation: {
  readonly operation: DatabaseKind;
  readonly seconds: number;
}) => void;
