// What pg or its socket reports as what the store promises.
import { SchemaError } from '../migrations/plan.ts';
import { type RefusalReason, StoreRefusal, StoreUnavailable } from '../store.ts';

/** SQLSTATE (PostgreSQL, appendix A). */
const REASONS: ReadonlyMap<string, RefusalReason> = new Map([
  ['23502', 'not_null'],
  ['23503', 'foreign_key'],
  ['23505', 'unique'],
  ['23514', 'check'],
]);
/** Connection exception, operator intervention, insufficient resources, wrong login, no such database. */
const UNAVAILABLE = /^(?:08|57P|53|28|3D)/;
/** Serialization failure and deadlock: the transaction was undone and may run again. */
const UNDONE: ReadonlySet<string> = new Set(['40001', '40P01']);
/** The prepared statement is gone or fits the table no more: another session will do. */
const STALE: ReadonlySet<string> = new Set(['0A000', '26000']);

/** The five characters on each error of the server; undefined for errors of the socket and the driver. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

/** Nobody could be asked, or the answer got lost. */
export function isUnavailable(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return UNAVAILABLE.test(state);
  // Everything else without a state comes from the socket.
  return !(error instanceof RangeError || error instanceof TypeError || error instanceof SchemaError);
}

/** The transaction is known not to have happened, for a reason that will pass. */
export function mayRunAgain(error: unknown): 'same-session' | 'other-session' | undefined {
  const state = sqlState(error) ?? '';
  if (UNDONE.has(state)) return 'same-session';
  return STALE.has(state) ? 'other-session' : undefined;
}

/** What went wrong in words; a failure to reach any of several addresses has none of its own. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}

/** The error that a caller of the store gets. */
export function storeError(statement: string, error: unknown): Error {
  const message = messageOf(error);
  if (isUnavailable(error))
    return new StoreUnavailable(`PostgreSQL cannot be reached: ${message}`, { cause: error });
  return new StoreRefusal(statement, REASONS.get(sqlState(error) ?? '') ?? 'other', message, {
    cause: error,
  });
}
