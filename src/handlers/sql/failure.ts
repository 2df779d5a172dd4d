// Failures of a database as failures of a handler (spec servers §3.4).
import type { DatabaseError, DatabaseErrorKind } from '../../databases/database.ts';
import { HandlerError, type HandlerErrorCode } from '../../errors.ts';

const LOAD_CODES: Partial<Record<DatabaseErrorKind, HandlerErrorCode>> = {
  config: 'HANDLER_CONFIG_ERROR',
  syntax: 'HANDLER_SYNTAX_ERROR',
};

const RUN_CODES: Readonly<Record<DatabaseErrorKind, HandlerErrorCode>> = {
  config: 'HANDLER_CONFIG_ERROR',
  syntax: 'HANDLER_EXECUTION_ERROR',
  refused: 'HANDLER_EXECUTION_ERROR',
  unavailable: 'HANDLER_NETWORK_ERROR',
  busy: 'HANDLER_EXECUTION_ERROR',
  timeout: 'HANDLER_TIMEOUT_ERROR',
  cancelled: 'HANDLER_EXECUTION_ERROR',
  memory: 'HANDLER_MEMORY_ERROR',
  too_large: 'HANDLER_OUTPUT_ERROR',
  failed: 'HANDLER_EXECUTION_ERROR',
};

const RETRYABLE: ReadonlySet<DatabaseErrorKind> = new Set(['busy', 'unavailable']);

/** For the author of the definition, who may see what the engine said. */
export function loadError(error: DatabaseError): HandlerError {
  const detail = error.kind === 'config' && error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return new HandlerError(LOAD_CODES[error.kind] ?? 'HANDLER_LOAD_ERROR', `${error.message}${detail}`, {
    cause: error,
  });
}

/** For the caller, who sees only the database's safe message and whether trying again may help. */
export function runError(error: DatabaseError): HandlerError {
  const details = RETRYABLE.has(error.kind) ? { details: { retryable: true } } : {};
  // A statement that the engine refuses at run time speaks of tables and columns: that is for the log.
  const message = error.kind === 'syntax' ? 'The database refused the statement.' : error.message;
  return new HandlerError(RUN_CODES[error.kind], message, { ...details, cause: error });
}
