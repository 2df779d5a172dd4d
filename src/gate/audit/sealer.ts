// Turns entries into records: redacts, hashes the arguments, bounds the lengths and links each chain.
import { hash } from 'node:crypto';
import { canonicalJson, storableText } from './canonical.ts';
import type { StampedEntry } from './entry.ts';
import { type AuditRecord, genesisHash, recordHash } from './record.ts';

/** Takes secrets out of what is kept (governance §9). */
export interface AuditRedaction {
  value(value: unknown): unknown;
  text(text: string): string;
}

/** The end of one chain. */
export interface ChainHead {
  readonly writer: string;
  readonly tenantId: string;
  readonly seq: number;
  readonly hash: string;
}

export interface Sealer {
  readonly writer: string;
  /** The chains that have grown are advanced at once; a group must be stored before the next one. */
  seal(entries: readonly StampedEntry[]): AuditRecord[];
  heads(): ReadonlyMap<string, ChainHead>;
}

/** Longer JSON is not a record of an operation but a copy of its data. */
const JSON_BYTES_MAX = 256 * 1024;
/** Widths of governance §8.1, and a bound for what has none there. */
const WIDTH = { action: 50, resourceType: 100, resourceId: 255, userId: 255, requestId: 100, ipAddress: 45 };
const TEXT_WIDTH = 512;

/** `writer` is new for every process, so its chains begin at 1. */
export function createSealer(writer: string, redaction: AuditRedaction): Sealer {
  const heads = new Map<string, ChainHead>();
  return {
    writer,
    heads: () => heads,
    seal: (entries) =>
      entries.map((entry) => {
        const tenantId = bounded(entry.tenantId, TEXT_WIDTH);
        const head = heads.get(tenantId);
        const link = {
          writer,
          tenantId,
          seq: (head?.seq ?? 0) + 1,
          prevHash: head?.hash ?? genesisHash(writer, tenantId),
        };
        const record = sealRecord(entry, link, redaction);
        heads.set(tenantId, { writer, tenantId, seq: record.seq, hash: record.hash });
        return record;
      }),
  };
}

type Link = Pick<AuditRecord, 'writer' | 'tenantId' | 'seq' | 'prevHash'>;

function sealRecord(entry: StampedEntry, link: Link, redaction: AuditRedaction): AuditRecord {
  const hashed = entry.arguments === undefined ? undefined : canonicalJson(entry.arguments);
  const unsealed = {
    writer: link.writer,
    tenantId: link.tenantId,
    seq: link.seq,
    id: entry.id,
    createdAt: entry.at,
    eventType: bounded(entry.eventType, TEXT_WIDTH),
    result: entry.result,
    action: bounded(entry.action, WIDTH.action),
    resourceType: bounded(entry.resourceType, WIDTH.resourceType),
    resourceId: optional(entry.resourceId, WIDTH.resourceId, redaction),
    userId: optional(entry.userId, WIDTH.userId),
    apiKeyName: optional(entry.apiKeyName, TEXT_WIDTH),
    toolName: optional(entry.toolName, TEXT_WIDTH),
    sessionId: optional(entry.sessionId, TEXT_WIDTH),
    permissions: entry.permissions === undefined ? null : boundedJson(canonicalJson(entry.permissions)),
    requestId: optional(entry.requestId, WIDTH.requestId, redaction),
    ipAddress: optional(entry.ipAddress, WIDTH.ipAddress),
    userAgent: optional(entry.userAgent, TEXT_WIDTH, redaction),
    durationMs: entry.durationMs === undefined ? null : Math.round(entry.durationMs * 1000) / 1000,
    argumentsHash: entry.argumentsHash ?? (hashed === undefined ? null : hash('sha256', hashed, 'hex')),
    changes: entry.changes === undefined ? null : boundedJson(canonicalJson(redaction.value(entry.changes))),
    metadata: metadataOf(entry, hashed, redaction),
    prevHash: link.prevHash,
  };
  return { ...unsealed, hash: recordHash(unsealed) };
}

function metadataOf(
  entry: StampedEntry,
  hashed: string | undefined,
  redaction: AuditRedaction,
): string | null {
  if (hashed === undefined && entry.metadata === undefined) return null;
  const metadata = entry.metadata === undefined ? {} : redaction.value(entry.metadata);
  if (hashed === undefined) return boundedJson(canonicalJson(metadata));
  const kept = entry.sensitive === true ? entry.arguments : redaction.value(entry.arguments);
  return boundedJson(canonicalJson({ ...asObject(metadata), arguments: kept }));
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

function boundedJson(json: string): string {
  return json.length <= JSON_BYTES_MAX ? json : canonicalJson({ cut: json.length });
}

function optional(text: string | undefined, width: number, redaction?: AuditRedaction): string | null {
  if (text === undefined) return null;
  return bounded(redaction === undefined ? text : redaction.text(text), width);
}

/** Cut after the cleaning, and not inside a surrogate pair: what remains must stay storable. */
function bounded(text: string, width: number): string {
  const storable = storableText(text);
  return storable.length <= width ? storable : storable.slice(0, width).toWellFormed();
}
