// What may be asked of the log: one tenant's records by any of their names, newest first, page by page.
import { QuaysideError } from '../../errors.ts';
import type { StoreValues } from '../../store/statement.ts';
import type { AuditRecord } from './record.ts';
import { type AuditReading, recordOf } from './source.ts';
import { FILTER_NAMES, type FilterName, queryStatement } from './statements.ts';

/** Governance §8.2. */
export const QUERY_LIMIT_MAX = 1000;
const QUERY_LIMIT = 100;

export interface AuditQuery {
  readonly filters: ReadonlyMap<FilterName, string>;
  /** Epoch milliseconds; `from` is part of the span and `to` is not. */
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  /** The last record of the page before. */
  readonly before: Position;
}

interface Position {
  readonly at: number;
  readonly id: string;
}

export interface AuditPage {
  readonly records: readonly AuditRecord[];
  /** Of the next page; undefined when this is the last. */
  readonly cursor: string | undefined;
}

/** Before the first page: above every id. */
const START: Position = { at: Number.MAX_SAFE_INTEGER, id: '~' };

/** Reads the words of a URL. Throws QuaysideError `invalid_params` naming the word and what it must be. */
export function parseQuery(
  words: Readonly<Record<string, string | readonly string[] | undefined>>,
  limits: { readonly usual?: number; readonly most?: number } = {},
): AuditQuery {
  const { usual = QUERY_LIMIT, most = QUERY_LIMIT_MAX } = limits;
  const filters = new Map<FilterName, string>();
  for (const name of FILTER_NAMES) {
    const value = single(words, name);
    if (value !== undefined) filters.set(name, value);
  }
  const limit = single(words, 'limit');
  return {
    filters,
    from: timeOf(words, 'from') ?? 0,
    to: timeOf(words, 'to') ?? Number.MAX_SAFE_INTEGER,
    limit: limit === undefined ? usual : parseLimit(limit, most),
    before: parseCursor(single(words, 'cursor')),
  };
}

/** One page of one tenant. */
export async function queryAudit(
  reading: AuditReading,
  tenant: string,
  { filters, from, to, limit, before }: AuditQuery,
): Promise<AuditPage> {
  const values: StoreValues = {
    ...Object.fromEntries(FILTER_NAMES.map((name) => [name, filters.get(name) ?? null])),
    from,
    to,
    before_at: before.at,
    before_id: before.id,
    limit: limit + 1,
  };
  const rows = await reading.read({ tenant }, queryStatement(filters), values);
  const records = rows.slice(0, limit).map((row) => recordOf(row, reading.reprintsJson));
  const last = records.at(-1);
  return { records, cursor: rows.length > limit && last !== undefined ? cursorOf(last) : undefined };
}

/** A record as the interface shows it: the columns of governance §8.1. */
export function presentRecord(record: AuditRecord): Readonly<Record<string, unknown>> {
  const createdAt = new Date(record.createdAt).toISOString();
  return {
    id: record.id,
    seq: record.seq,
    writer: record.writer,
    created_at: createdAt,
    updated_at: createdAt,
    tenant_id: record.tenantId,
    user_id: record.userId,
    action: record.action,
    resource_type: record.resourceType,
    resource_id: record.resourceId,
    changes: parseJson(record.changes),
    request_id: record.requestId,
    ip_address: record.ipAddress,
    user_agent: record.userAgent,
    metadata: parseJson(record.metadata),
    event_type: record.eventType,
    result: record.result,
    session_id: record.sessionId,
    api_key_name: record.apiKeyName,
    tool_name: record.toolName,
    permissions: parseJson(record.permissions),
    duration_ms: record.durationMs,
    arguments_hash: record.argumentsHash,
    prev_hash: record.prevHash,
    hash: record.hash,
  };
}

/** What somebody changed in the database is shown as it is there; `audit verify` says what is wrong with it. */
function parseJson(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** ISO 8601 or epoch milliseconds. */
export function parseTime(text: string): number | undefined {
  const time = /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

function timeOf(words: Parameters<typeof parseQuery>[0], name: string): number | undefined {
  const text = single(words, name);
  if (text === undefined) return undefined;
  const time = parseTime(text);
  if (time === undefined) throw invalid(name, 'a time such as 2027-01-31T00:00:00Z');
  return time;
}

function single(words: Parameters<typeof parseQuery>[0], name: string): string | undefined {
  const value = words[name];
  if (value === undefined || typeof value === 'string') return value === '' ? undefined : value;
  throw invalid(name, 'given once');
}

function parseLimit(text: string, most: number): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > most)
    throw invalid('limit', `a number from 1 to ${most}`);
  return limit;
}

function cursorOf({ createdAt, id }: AuditRecord): string {
  return Buffer.from(`${createdAt}.${id}`).toString('base64url');
}

/** It only names a place in the caller's own records, so nothing has to keep it from being made up. */
function parseCursor(text: string | undefined): Position {
  if (text === undefined) return START;
  const [, at, id] =
    /^(\d{1,15})\.([0-9a-f-]{36})$/.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? [];
  if (at === undefined || id === undefined) throw invalid('cursor', 'the cursor of an earlier answer');
  return { at: Number(at), id };
}

function invalid(name: string, expected: string): QuaysideError {
  return new QuaysideError('invalid_request', {
    message: `The query parameter ${name} must be ${expected}.`,
    data: { parameter: name, expected },
  });
}
