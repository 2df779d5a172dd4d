// SQL over the table of flags. It has no tenant of its own: only the process reads and writes it.
import { systemStatement } from '../store/statement.ts';
import type { Flag } from './flag.ts';

/** Announced by every write of the table. */
export const FLAGS_TOPIC = 'flags';

export interface FlagRow {
  readonly key: string;
  readonly type: Flag['type'];
  readonly description: string;
  readonly enabled: number;
  readonly percent: number | null;
  readonly percent_of: Flag['percentOf'];
  readonly tenants: string;
  readonly users: string;
  readonly keys: string;
  readonly environments: string;
  readonly fallback: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly updated_by: string;
}

const COLUMNS =
  'key, type, description, enabled, percent, percent_of, tenants, users, keys, environments, fallback, created_at, updated_at, updated_by';

export const listFlags = systemStatement<FlagRow>('flags.list', `SELECT ${COLUMNS} FROM flags ORDER BY key`);

/** Changes nothing where the flag is stored already. */
export const insertFlag = systemStatement(
  'flags.insert',
  `INSERT INTO flags (${COLUMNS})
   VALUES (:key, :type, :description, :enabled, :percent, :percent_of, :tenants, :users, :keys, :environments,
     :fallback, :now, :now, :by)
   ON CONFLICT (key) DO NOTHING`,
);

/** `seen` is the `updated_at` that the change was made from: of two changes at once one is refused. */
export const updateFlag = systemStatement(
  'flags.update',
  `UPDATE flags SET type = :type, description = :description, enabled = :enabled, percent = :percent,
     percent_of = :percent_of, tenants = :tenants, users = :users, keys = :keys, environments = :environments,
     fallback = :fallback, updated_at = :now, updated_by = :by
   WHERE key = :key AND updated_at = :seen`,
);

export const deleteFlag = systemStatement(
  'flags.delete',
  'DELETE FROM flags WHERE key = :key AND updated_at = :seen',
);
