// A SQLite connection that can only read: opened read-only, defensive, and with an authorizer in front of the compiler.
// Three walls: the file handle, the authorizer (spec sql §5), and limits on what one value may weigh.
import { constants, DatabaseSync, type StatementSync } from 'node:sqlite';
import { DatabaseError } from '../database.ts';
import { READ_FUNCTIONS } from './functions.ts';

/** Schema look-ups that virtual tables and `pragma_*` table functions need; none of them changes anything. */
const READ_PRAGMAS: ReadonlySet<string> = new Set([
  'data_version',
  'foreign_key_list',
  'index_info',
  'index_list',
  'index_xinfo',
  'table_info',
  'table_list',
  'table_xinfo',
]);

/** Tables of the engine itself that reveal the host or cost a walk over the whole file. */
const REFUSED_TABLES: ReadonlySet<string> = new Set([
  'dbstat',
  'sqlite_dbpage',
  'sqlite_dbdata',
  'sqlite_dbptr',
]);

export interface GuardOptions {
  readonly path: string;
  /** Most bytes of any string, blob or row, so that no value can exhaust memory. */
  readonly maxValueBytes: number;
  /** How long a statement waits for a writer's lock. */
  readonly busyTimeoutMs: number;
  /** Keep sorts and temporary tables in memory, where the process's own limit bounds them. */
  readonly sortInMemory?: boolean;
  /** Let SQLite compile a statement again by itself, under the same authorizer; see `compile`. Default false. */
  readonly recompile?: boolean;
}

export interface GuardedConnection {
  readonly database: DatabaseSync;
  /**
   * Compiles one statement. Without `recompile` the authorizer denies everything outside of this call, so a
   * statement that SQLite would silently compile again (the schema changed, or its planner looked at a bound value) fails with
   * {@link isStale} instead of running with a plan that nobody has seen.
   */
  compile(text: string): StatementSync;
  close(): void;
}

/** Opens `path`. Throws what node:sqlite throws: ERR_SQLITE_ERROR with `errcode` 14 when it cannot be opened. */
export function openGuarded(options: GuardOptions): GuardedConnection {
  const database = new DatabaseSync(options.path, {
    readOnly: true,
    allowExtension: false,
    defensive: true,
    enableDoubleQuotedStringLiterals: false,
    timeout: options.busyTimeoutMs,
    limits: { length: options.maxValueBytes, attach: 0 },
  });
  if (database.limits === undefined) {
    database.close();
    throw new DatabaseError(
      'config',
      'SQLite databases need Node 24.15 or newer, which can limit the size of a value.',
    );
  }
  // Reading the schema now makes a file that is no database fail here and not in the middle of a call.
  database.exec('PRAGMA schema_version');
  database.exec('PRAGMA trusted_schema = OFF');
  if (options.sortInMemory === true) database.exec('PRAGMA temp_store = MEMORY');
  let compiling = false;
  database.setAuthorizer((action, first, second) =>
    compiling || options.recompile === true ? authorize(action, first, second) : constants.SQLITE_DENY,
  );
  return {
    database,
    compile(text) {
      compiling = true;
      try {
        return database.prepare(text, { returnArrays: true });
      } finally {
        compiling = false;
      }
    },
    close: () => database.close(),
  };
}

/** A row that does not have the columns the statement had when it was compiled. */
export class StaleStatementError extends Error {}

/** SQLite's primary result code for what an authorizer denied. */
export const SQLITE_AUTH = 23;

/** True when the statement must be compiled anew, because the schema is not what it was. */
export function isStale(error: unknown): boolean {
  return error instanceof StaleStatementError || sqliteCode(error) === SQLITE_AUTH;
}

/** SQLite's primary result code (https://sqlite.org/rescode.html), undefined for any other error. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined;
  return error.errcode & 0xff;
}

function authorize(action: number, first: string | null, second: string | null): number {
  return isRead(action, (first ?? '').toLowerCase(), (second ?? '').toLowerCase())
    ? constants.SQLITE_OK
    : constants.SQLITE_DENY;
}

function isRead(action: number, first: string, second: string): boolean {
  switch (action) {
    case constants.SQLITE_SELECT:
    case constants.SQLITE_RECURSIVE:
      return true;
    case constants.SQLITE_READ:
      return isReadableTable(first);
    case constants.SQLITE_FUNCTION:
      return READ_FUNCTIONS.has(second);
    case constants.SQLITE_PRAGMA:
      return READ_PRAGMAS.has(first);
    default:
      return false;
  }
}

const PRAGMA_TABLE = 'pragma_';

/** Pragmas as tables run the pragma itself when they are read. */
function isReadableTable(name: string): boolean {
  return name.startsWith(PRAGMA_TABLE)
    ? READ_PRAGMAS.has(name.slice(PRAGMA_TABLE.length))
    : !REFUSED_TABLES.has(name);
}
