// Retention: removes what is older than it must be kept, and signs for what is gone.
import type { AuditEntry } from './entry.ts';
import { type Anchor, createAnchor } from './proof.ts';
import type { AuditSigner } from './signing.ts';
import type { AuditSource, ChainName } from './source.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Records in one transaction: calls wait for their own records meanwhile. */
const STEP_RECORDS = 2000;

export interface RetentionDeps {
  readonly source: AuditSource;
  readonly signer: AuditSigner;
  /** Removes what an anchor covers; `removePrefix` of the log. */
  readonly remove: (anchor: Anchor) => Promise<number>;
  readonly record: (entry: AuditEntry) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface RetentionRule {
  /** `AUDIT_RETENTION_DAYS`. */
  readonly days: number;
  /** Tenants under a legal hold, whose records stay; `*` means all. */
  readonly hold: readonly string[];
}

/** Removes the prefix of each chain that is older than `days`; resolves with the number of records removed. */
export async function purgeAudit(deps: RetentionDeps, { days, hold }: RetentionRule): Promise<number> {
  if (hold.includes('*')) return 0;
  const cutoff = deps.now() - days * DAY_MS;
  const removed = new Map<string, number>();
  for (const { first, keep, ...chain } of await deps.source.purgeable(cutoff)) {
    if (hold.includes(chain.tenantId) || keep <= first) continue;
    const count = await removePrefix(deps, chain, { first, keep, cutoff });
    removed.set(chain.tenantId, (removed.get(chain.tenantId) ?? 0) + count);
  }
  for (const [tenantId, count] of removed) deps.record(purgeEntry(tenantId, count, cutoff));
  return [...removed.values()].reduce((sum, count) => sum + count, 0);
}

async function removePrefix(
  { source, signer, remove, now }: RetentionDeps,
  chain: ChainName,
  { first, keep, cutoff }: { readonly first: number; readonly keep: number; readonly cutoff: number },
): Promise<number> {
  let count = 0;
  for (let from = first; from < keep; from += STEP_RECORDS) {
    const seq = Math.min(from + STEP_RECORDS, keep) - 1;
    const [last] = await source.records(chain, seq - 1, 1);
    if (last === undefined) break;
    const anchor = createAnchor(
      { ...chain, seq, hash: last.hash, removed: seq - from + 1, createdAt: now(), cutoff },
      signer,
    );
    count += await remove(anchor);
  }
  return count;
}

function purgeEntry(tenantId: string, count: number, cutoff: number): AuditEntry {
  return {
    eventType: 'retention.purged',
    result: 'success',
    tenantId,
    action: 'purge',
    resourceType: 'audit',
    metadata: { records: count, before: new Date(cutoff).toISOString() },
  };
}
