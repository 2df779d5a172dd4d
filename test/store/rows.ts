// Rows that tests write in pairs: a whole write is there, or none of it.
import { systemStatement } from '../../src/store/statement.ts';
import type { Step } from '../../src/store/store.ts';

const insertRow = systemStatement(
  'test.rows_add',
  'INSERT INTO tenants (id, name, slug, created_at, updated_at) VALUES (:id, :id, :id, 0, 0)',
);

export const allRows = systemStatement<{ id: string }>(
  'test.rows_all',
  "SELECT id FROM tenants WHERE id <> 'default' ORDER BY id",
);

export function addRow(id: string): Step {
  return { statement: insertRow, values: { id } };
}

/** Names of pairs; throws when a half is alone. */
export function pairsOf(rows: readonly { readonly id: string }[]): Set<string> {
  const ids = new Set(rows.map(({ id }) => id));
  for (const id of ids) {
    const other = `${id.slice(0, -1)}${id.endsWith('a') ? 'b' : 'a'}`;
    if (!ids.has(other)) throw new Error(`${id} is there without ${other}.`);
  }
  return new Set([...ids].map((id) => id.slice(0, -1)));
}
