// How an error of the table is said in each era: JSON-RPC error object and HTTP status.
import { QuaysideError } from '../errors.ts';
import { StoreUnavailable } from '../store/store.ts';
import { idJson, type RequestId } from './messages.ts';
import type { Era } from './revisions.ts';

/** Codes reserved by JSON-RPC and MCP; application codes of the modern era lie outside (2026-07-28, error codes). */
const RESERVED_FROM = -32768;

/**
 * What a caller may learn of any error: a QuaysideError as it is, a lost store as what it is, everything else as
 * `internal`.
 */
export function toPublicError(error: Error, requestId: string): QuaysideError {
  if (error instanceof QuaysideError && error.code !== 'internal') return error;
  if (error instanceof StoreUnavailable)
    return new QuaysideError('store_unavailable', { headers: { 'Retry-After': '1' }, cause: error });
  return new QuaysideError('internal', { data: { request_id: requestId }, cause: error });
}

/** HTTP status of an error; the legacy era says some errors of JSON-RPC in a 200 (spec servers §7). */
export function httpStatus(error: QuaysideError, era: Era): number {
  const { status, legacyStatus } = error.definition;
  return era === 'legacy' && legacyStatus !== undefined ? legacyStatus : status;
}

/** A whole error response. Without an id: null in the legacy era, absent in the modern one (schema 2026-07-28). */
export function errorMessage(id: RequestId | undefined, error: QuaysideError, era: Era): string {
  const body = JSON.stringify(errorObject(error, era));
  if (id !== undefined) return `{"jsonrpc":"2.0","id":${idJson(id)},"error":${body}}`;
  return era === 'legacy'
    ? `{"jsonrpc":"2.0","id":null,"error":${body}}`
    : `{"jsonrpc":"2.0","error":${body}}`;
}

/** An error as JSON-RPC has it, in the numbers of the era. */
export function errorObject(error: QuaysideError, era: Era): Readonly<Record<string, unknown>> {
  const { legacy, modern } = error.definition;
  if (era === 'legacy') return withData(legacy, error.message, error.data);
  // Spec servers §7: a modern application code repeats the legacy number.
  const isReserved = modern < 0 && modern >= RESERVED_FROM;
  return withData(modern, error.message, isReserved ? error.data : { ...error.data, legacyCode: legacy });
}

function withData(
  code: number,
  message: string,
  data: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> {
  return data === undefined ? { code, message } : { code, message, data };
}
