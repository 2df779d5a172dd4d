// Turns what SQLite reports at run time into a DatabaseError whose message tells the caller nothing about the host.
import { DatabaseError } from '../database.ts';
import { SQLITE_AUTH, sqliteCode } from './guarded-connection.ts';

/** Primary result codes (https://sqlite.org/rescode.html) that deserve their own words. */
const BUSY = 5;
const LOCKED = 6;
const NOMEM = 7;
const IOERR = 10;
const CORRUPT = 11;
const CANTOPEN = 14;
const TOOBIG = 18;
const MISMATCH = 20;
const NOTADB = 26;

/** The DatabaseError for `error`; one that already is one stays as it is. */
export function sqliteFailure(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const code = sqliteCode(error);
  switch (code) {
    case BUSY:
    case LOCKED:
      return new DatabaseError('busy', 'The database is locked by a writer; try again.', error);
    case NOMEM:
      return new DatabaseError('memory', 'The statement needs more memory than it may use.', error);
    case TOOBIG:
      return new DatabaseError('too_large', 'A value is larger than a result may be.', error);
    case MISMATCH:
      return new DatabaseError(
        'failed',
        'An argument has the wrong type for its place in the statement.',
        error,
      );
    case SQLITE_AUTH:
      return new DatabaseError('refused', 'The statement does more than read.', error);
    case IOERR:
    case CORRUPT:
    case CANTOPEN:
    case NOTADB:
      return new DatabaseError('unavailable', 'The database file cannot be read.', error);
    default:
      return new DatabaseError(
        'failed',
        `The database refused the statement (SQLite code ${code ?? 'unknown'}).`,
        error,
      );
  }
}

/** A writer holds the file, or its schema. */
export function isLocked(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === BUSY || code === LOCKED;
}

/** A value, or the first row, beyond what may be read here. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof DatabaseError ? error.kind === 'too_large' : sqliteCode(error) === TOOBIG;
}
