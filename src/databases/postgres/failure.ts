// Turns what PostgreSQL or its socket reports into a DatabaseError that is safe to show to a caller.
import { DatabaseError, type DatabaseErrorKind } from '../database.ts';

/** SQLSTATE (PostgreSQL, appendix A) or the first two characters of its class, the most precise first. */
const STATES: readonly (readonly [prefix: string, kind: DatabaseErrorKind, message: string])[] = [
  ['57014', 'timeout', 'The statement took too long and was ended by the database.'],
  ['55P03', 'busy', 'The database is locked by a writer; try again.'],
  ['25006', 'refused', 'The statement does more than read.'],
  ['57P', 'unavailable', 'The database ended the connection; try again.'],
  ['08', 'unavailable', 'The connection to the database was lost; try again.'],
  ['53', 'busy', 'The database is short of resources; try again.'],
  ['28', 'unavailable', 'The database refused the login.'],
  ['3D', 'unavailable', 'The database does not exist on its server.'],
  ['54', 'too_large', 'The statement exceeds a limit of the database.'],
];

/** The DatabaseError for `error`; one that already is one stays as it is. */
export function postgresFailure(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const state = sqlState(error);
  if (state === undefined) return new DatabaseError('unavailable', 'The database cannot be reached.', error);
  const known = STATES.find(([prefix]) => state.startsWith(prefix));
  if (known !== undefined) return new DatabaseError(known[1], known[2], error);
  // Class 22 speaks about the values that the caller sent, and helps it to send better ones.
  const about = state.startsWith('22') && error instanceof Error ? `: ${error.message}` : '';
  return new DatabaseError(
    'failed',
    `The database refused the statement (SQLSTATE ${state})${about}.`,
    error,
  );
}

/** The five characters that PostgreSQL puts on each error; undefined for errors of the socket and the driver. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

/** Failures that say nothing about the statement, only that nobody could be asked. */
export function isConnectionFailure(error: unknown): boolean {
  const { kind } = postgresFailure(error);
  return kind === 'unavailable' || kind === 'busy';
}
