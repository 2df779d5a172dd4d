// Reads the audit log: whole chains for those who check or ship it, pages of one tenant for those who ask.

import type { Statement, StoreRow, StoreValue, StoreValues } from '../../store/statement.ts';
import type { Scope } from '../../store/store.ts';
import { canonicalJson } from './canonical.ts';
import type { Anchor, AttestedHead, Checkpoint } from './proof.ts';
import type { AuditRecord } from './record.ts';
import {
  readAnchors,
  readChain,
  readChainNames,
  readCheckpoints,
  readCursors,
  readHeads,
  readPurgeable,
} from './statements.ts';

/** What a source reads from: the embedded file, or the store on PostgreSQL. */
export interface AuditReading {
  read(scope: Scope, statement: Statement<StoreRow>, values: StoreValues): Promise<readonly StoreRow[]>;
  close(): Promise<void>;
  /** jsonb prints with order and white space of its own; the embedded file keeps the very text. */
  readonly reprintsJson: boolean;
}

/** The name of one chain. */
export interface ChainName {
  readonly writer: string;
  readonly tenantId: string;
}

/** Whole chains and what is attested of them, across tenants. */
export interface AuditSource {
  heads(): Promise<readonly AttestedHead[]>;
  /** Chains that have records, with the first and last of them. */
  chains(): Promise<readonly (ChainName & { readonly first: number; readonly last: number })[]>;
  /** In order, from behind `after`. */
  records(chain: ChainName, after: number, limit: number): Promise<readonly AuditRecord[]>;
  /** In order of writer and number, from behind the one named. */
  checkpoints(
    after: { readonly writer: string; readonly number: number },
    limit: number,
  ): Promise<readonly Checkpoint[]>;
  anchors(): Promise<readonly Anchor[]>;
  /** Per chain: its first record, and the first that is not older than `cutoff`. */
  purgeable(
    cutoff: number,
  ): Promise<readonly (ChainName & { readonly first: number; readonly keep: number })[]>;
  cursors(receiver: string): Promise<ReadonlyMap<string, number>>;
}

/** Names a chain in a map. */
export function chainKey({ writer, tenantId }: ChainName): string {
  return `${writer} ${tenantId}`;
}

/** Rejects with what the database reports. */
export function createAuditSource(reading: AuditReading): AuditSource {
  const read = (statement: Statement<StoreRow>, values: StoreValues = {}) =>
    reading.read('system', statement, values);
  return {
    heads: async () => (await read(readHeads)).map(headOf),
    chains: async () =>
      (await read(readChainNames)).map((row) => ({
        ...chainOf(row),
        first: Number(row.first),
        last: Number(row.last),
      })),
    records: async ({ writer, tenantId }, after, limit) =>
      (await read(readChain, { writer, chain_tenant: tenantId, after, limit })).map((row) =>
        recordOf(row, reading.reprintsJson),
      ),
    checkpoints: async ({ writer, number }, limit) =>
      (await read(readCheckpoints, { writer, number, limit })).map(checkpointOf),
    anchors: async () => (await read(readAnchors)).map(anchorOf),
    purgeable: async (cutoff) =>
      (await read(readPurgeable, { cutoff })).flatMap((row) =>
        row.first === null ? [] : [{ ...chainOf(row), first: Number(row.first), keep: Number(row.keep) }],
      ),
    cursors: async (receiver) =>
      new Map(
        (await read(readCursors, { receiver })).map((row) => [chainKey(chainOf(row)), Number(row.seq)]),
      ),
  };
}

/** A row of `audit_logs`. */
export function recordOf(row: StoreRow, reprintsJson: boolean): AuditRecord {
  return {
    ...chainOf(row),
    seq: Number(row.seq),
    id: text(row.id),
    createdAt: Number(row.created_at),
    eventType: text(row.event_type),
    result: text(row.result),
    action: text(row.action),
    resourceType: text(row.resource_type),
    resourceId: maybe(row.resource_id),
    userId: maybe(row.user_id),
    apiKeyName: maybe(row.api_key_name),
    toolName: maybe(row.tool_name),
    sessionId: maybe(row.session_id),
    permissions: json(row.permissions, reprintsJson),
    requestId: maybe(row.request_id),
    ipAddress: maybe(row.ip_address),
    userAgent: maybe(row.user_agent),
    durationMs: row.duration_ms === null ? null : Number(row.duration_ms),
    argumentsHash: maybe(row.arguments_hash),
    changes: json(row.changes, reprintsJson),
    metadata: json(row.metadata, reprintsJson),
    prevHash: text(row.prev_hash),
    hash: text(row.hash),
  };
}

function headOf(row: StoreRow): AttestedHead {
  return {
    ...chainOf(row),
    seq: Number(row.seq),
    hash: text(row.hash),
    updatedAt: Number(row.updated_at),
    keyId: text(row.key_id),
    mac: text(row.mac),
  };
}

function checkpointOf(row: StoreRow): Checkpoint {
  return {
    writer: text(row.writer),
    number: Number(row.number),
    createdAt: Number(row.created_at),
    heads: text(row.heads),
    links: text(row.links),
    prevHash: text(row.prev_hash),
    hash: text(row.hash),
    keyId: text(row.key_id),
    signature: text(row.signature),
  };
}

function anchorOf(row: StoreRow): Anchor {
  return {
    ...chainOf(row),
    seq: Number(row.seq),
    hash: text(row.hash),
    removed: Number(row.removed),
    createdAt: Number(row.created_at),
    cutoff: Number(row.cutoff),
    keyId: text(row.key_id),
    signature: text(row.signature),
  };
}

function chainOf(row: StoreRow): ChainName {
  return { writer: text(row.writer), tenantId: text(row.tenant_id) };
}

function text(value: StoreValue | undefined): string {
  return String(value);
}

function maybe(value: StoreValue | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

/** As it was hashed. What does not parse was not written by us, and its hash will say so. */
function json(value: StoreValue | undefined, reprints: boolean): string | null {
  if (value === null || value === undefined) return null;
  const given = String(value);
  if (!reprints) return given;
  try {
    return canonicalJson(JSON.parse(given));
  } catch {
    return given;
  }
}
