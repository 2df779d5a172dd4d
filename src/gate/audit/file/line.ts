// One line of the audit file (governance §8.1), and back: everything the hash is made over can be found in it.
import { canonicalJson } from '../canonical.ts';
import type { AuditRecord } from '../record.ts';

/** The line without its end. Fields the log keeps beyond the published ones are in `details`. */
export function lineOf(record: AuditRecord): string {
  const details = {
    id: record.id,
    writer: record.writer,
    action: record.action,
    resourceType: record.resourceType,
    resourceId: record.resourceId,
    userId: record.userId,
    durationMs: record.durationMs,
    argumentsHash: record.argumentsHash,
  };
  // Parts that are JSON already go in as they are: the line then shows exactly what was hashed.
  return `{"timestamp":"${new Date(record.createdAt).toISOString()}","eventType":${JSON.stringify(record.eventType)},"sessionId":${text(record.sessionId)},"apiKeyName":${text(record.apiKeyName)},"toolName":${text(record.toolName)},"resource":${JSON.stringify(resourceOf(record))},"permissions":${record.permissions ?? 'null'},"result":${JSON.stringify(record.result)},"details":${JSON.stringify(details).slice(0, -1)},"changes":${record.changes ?? 'null'},"metadata":${record.metadata ?? 'null'},"prevHash":"${record.prevHash}"},"ipAddress":${text(record.ipAddress)},"userAgent":${text(record.userAgent)},"requestId":${text(record.requestId)},"tenantId":${JSON.stringify(record.tenantId)},"seq":${record.seq},"hash":"${record.hash}"}`;
}

/** The record of a line; undefined for what is none, whoever wrote it. */
export function recordOfLine(line: string): AuditRecord | undefined {
  const value = parseObject(line);
  const details = value?.details;
  if (value === undefined || !isObject(details)) return undefined;
  const record: AuditRecord = {
    writer: String(details.writer),
    tenantId: String(value.tenantId),
    seq: Number(value.seq),
    id: String(details.id),
    createdAt: Date.parse(String(value.timestamp)),
    eventType: String(value.eventType),
    result: String(value.result),
    action: String(details.action),
    resourceType: String(details.resourceType),
    resourceId: maybe(details.resourceId),
    userId: maybe(details.userId),
    apiKeyName: maybe(value.apiKeyName),
    toolName: maybe(value.toolName),
    sessionId: maybe(value.sessionId),
    permissions: json(value.permissions),
    requestId: maybe(value.requestId),
    ipAddress: maybe(value.ipAddress),
    userAgent: maybe(value.userAgent),
    durationMs: details.durationMs === null ? null : Number(details.durationMs),
    argumentsHash: maybe(details.argumentsHash),
    changes: json(details.changes),
    metadata: json(details.metadata),
    prevHash: String(details.prevHash),
    hash: String(value.hash),
  };
  if (!Number.isSafeInteger(record.createdAt) || !Number.isSafeInteger(record.seq)) return undefined;
  // Written again it must be the very line: an edit that JSON does not see is an edit too.
  return lineOf(record) === line ? record : undefined;
}

/** The object that a text is the JSON of. */
export function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function resourceOf({ resourceType, resourceId }: AuditRecord): string {
  return resourceId === null ? resourceType : `${resourceType}/${resourceId}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: string | null): string {
  return value === null ? 'null' : JSON.stringify(value);
}

function maybe(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

/** As it was hashed; integer-like keys lose their order when they are read. */
function json(value: unknown): string | null {
  return value === null || value === undefined ? null : canonicalJson(value);
}
