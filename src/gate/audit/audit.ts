// What is written down, and the two ways of writing it: in passing, or before anything is answered.

/** One event as its source knows it; the log adds id, time, sequence and hash. */
export interface AuditEvent {
  /** A type of governance §8.1, such as `tool.executed`, `key.created`. */
  readonly eventType: string;
  readonly result: 'success' | 'failure' | 'warning';
  readonly tenantId: string;
  /** What was done, such as `tools/call`, `create`; at most 50 characters. */
  readonly action: string;
  readonly resourceType: string;
  readonly resourceId?: string;
  /** Redacted by the log, not by the source. */
  readonly changes?: { readonly before?: unknown; readonly after?: unknown };
  readonly userId?: string;
  readonly apiKeyName?: string;
  readonly toolName?: string;
  readonly sessionId?: string;
  readonly permissions?: readonly string[];
  readonly requestId?: string;
  readonly ipAddress?: string;
  readonly userAgent?: string;
  readonly durationMs?: number;
  /** SHA-256 in hex over the canonical JSON of the arguments. */
  readonly argumentsHash?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Where events go: in passing, or with a word back when they are durable. */
export interface AuditLog {
  /** Buffered: durable within 5 s or 100 records. Never throws; what cannot be kept is counted. */
  record(event: AuditEvent): void;
  /** Resolves when the record is durable, with its id. Rejects with `audit_unavailable` when it could not be written. */
  commit(event: AuditEvent): Promise<{ readonly id: string }>;
}
