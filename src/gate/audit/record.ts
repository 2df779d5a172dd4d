// One record of the audit log as it is stored, and the text that its hash is made over.
import { hash } from 'node:crypto';

/** As the columns of `audit_logs`, in their order. `changes`, `metadata`, `permissions` are canonical JSON. */
export interface AuditRecord {
  /** The process that wrote it; a chain belongs to one writer and one tenant. */
  readonly writer: string;
  readonly tenantId: string;
  /** From 1 in each chain, without gaps. */
  readonly seq: number;
  /** UUID, version 7: in the order of time. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly eventType: string;
  readonly result: string;
  readonly action: string;
  readonly resourceType: string;
  readonly resourceId: string | null;
  readonly userId: string | null;
  readonly apiKeyName: string | null;
  readonly toolName: string | null;
  readonly sessionId: string | null;
  readonly permissions: string | null;
  readonly requestId: string | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly durationMs: number | null;
  readonly argumentsHash: string | null;
  readonly changes: string | null;
  readonly metadata: string | null;
  /** SHA-256 in hex; of the first record {@link genesisHash}. */
  readonly prevHash: string;
  readonly hash: string;
}

/** Names of the columns with the fields they hold. */
export const RECORD_COLUMNS = [
  ['writer', 'writer'],
  ['tenant_id', 'tenantId'],
  ['seq', 'seq'],
  ['id', 'id'],
  ['created_at', 'createdAt'],
  ['event_type', 'eventType'],
  ['result', 'result'],
  ['action', 'action'],
  ['resource_type', 'resourceType'],
  ['resource_id', 'resourceId'],
  ['user_id', 'userId'],
  ['api_key_name', 'apiKeyName'],
  ['tool_name', 'toolName'],
  ['session_id', 'sessionId'],
  ['permissions', 'permissions'],
  ['request_id', 'requestId'],
  ['ip_address', 'ipAddress'],
  ['user_agent', 'userAgent'],
  ['duration_ms', 'durationMs'],
  ['arguments_hash', 'argumentsHash'],
  ['changes', 'changes'],
  ['metadata', 'metadata'],
  ['prev_hash', 'prevHash'],
  ['hash', 'hash'],
] as const satisfies readonly (readonly [string, keyof AuditRecord])[];

/** A chain begins with its own name, so that no chain can pass for another one. */
export function genesisHash(writer: string, tenantId: string): string {
  return hash('sha256', `quayside audit chain 1\n${writer}\n${tenantId}`, 'hex');
}

/** SHA-256(previous hash ‖ canonical record), in hex (governance §8.2). */
export function recordHash(record: Omit<AuditRecord, 'hash'>): string {
  return hash('sha256', record.prevHash + canonicalRecord(record), 'hex');
}

/** Every column but the two hashes, as one JSON array in the order of the columns. */
function canonicalRecord(record: Omit<AuditRecord, 'hash'>): string {
  return JSON.stringify([
    record.writer,
    record.tenantId,
    record.seq,
    record.id,
    record.createdAt,
    record.eventType,
    record.result,
    record.action,
    record.resourceType,
    record.resourceId,
    record.userId,
    record.apiKeyName,
    record.toolName,
    record.sessionId,
    record.permissions,
    record.requestId,
    record.ipAddress,
    record.userAgent,
    record.durationMs,
    record.argumentsHash,
    record.changes,
    record.metadata,
  ]);
}
