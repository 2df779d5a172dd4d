// The audit log in the store of a cluster: PostgreSQL, reached by the audit thread over sessions of its own.
import type { Step, Store } from '../../store/store.ts';
import type { AttestedHead } from './proof.ts';
import { anchorValues } from './proof-values.ts';
import { type AuditRecord, RECORD_COLUMNS } from './record.ts';
import type { AuditReading } from './source.ts';
import {
  deletePrefix,
  insertAnchor,
  insertCheckpoint,
  insertRecords,
  JSON_COLUMNS,
  readLastCheckpoints,
  writeCursor,
  writeHeads,
} from './statements.ts';
import type { AuditGroup, AuditTable } from './table.ts';

/** Reads through a store on PostgreSQL, whose jsonb prints in its own way; whoever opened the store closes it. */
export function createStoreReading(store: Store): AuditReading {
  return {
    reprintsJson: true,
    read: (scope, statement, values) => store.read(scope, statement, values),
    close: async () => undefined,
  };
}

/** Writes and reads through one store, and closes it. Each group is one write of the store: one transaction, one round trip. */
export function createStoreTable(store: Store): AuditTable {
  return {
    // Every commit is durable here: what one costs is the server's, and not the time of this process.
    async append(group) {
      await store.write('system', stepsOf(group));
      return true;
    },
    async lastCheckpoints(limit) {
      const rows = await store.read('system', readLastCheckpoints, { limit });
      return rows.map(({ writer, number, hash }) => [String(writer), Number(number), String(hash)]);
    },
    async removePrefix(anchor) {
      const { writer, tenantId, seq, removed } = anchor;
      await store.write('system', [
        { statement: insertAnchor, values: anchorValues(anchor) },
        { statement: deletePrefix, values: { writer, chain_tenant: tenantId, seq } },
      ]);
      return removed;
    },
    async moveCursor({ receiver, writer, tenantId, seq }) {
      const values = { receiver, writer, chain_tenant: tenantId, seq };
      await store.write('system', [{ statement: writeCursor, values }]);
    },
    close: () => store.close(),
  };
}

function stepsOf({ records, heads, checkpoint }: AuditGroup): Step[] {
  const steps: Step[] = [];
  if (records.length > 0)
    steps.push({ statement: insertRecords, values: { rows: `[${records.map(recordJson).join(',')}]` } });
  if (heads.length > 0)
    steps.push({ statement: writeHeads, values: { rows: JSON.stringify(heads.map(headRow)) } });
  if (checkpoint === undefined) return steps;
  const { writer, number, createdAt, heads: ends, links, prevHash, hash, keyId, signature } = checkpoint;
  steps.push({
    statement: insertCheckpoint,
    values: {
      writer,
      number,
      created_at: createdAt,
      heads: ends,
      links,
      prev_hash: prevHash,
      hash,
      key_id: keyId,
      signature,
    },
  });
  return steps;
}

const JSON_FIELDS: ReadonlySet<string> = new Set(JSON_COLUMNS);

/** Columns that hold JSON go in as JSON, not as text. */
function recordJson(record: AuditRecord): string {
  let text = '';
  for (const [column, field] of RECORD_COLUMNS) {
    const value = record[field];
    if (value === null) continue;
    const written = JSON_FIELDS.has(column) ? value : JSON.stringify(value);
    text += `${text === '' ? '' : ','}"${column}":${written}`;
  }
  return `{${text}}`;
}

function headRow({ writer, tenantId, seq, hash, updatedAt, keyId, mac }: AttestedHead) {
  return { writer, tenant_id: tenantId, seq, hash, updated_at: updatedAt, key_id: keyId, mac };
}
