// SQL over the table of tenants. It has no tenant of its own: only the process reads and writes it.
import { systemStatement } from '../../store/statement.ts';

/** Announced by every write of the table. */
export const TENANTS_TOPIC = 'tenants';

export interface TenantRow {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly contact_email: string | null;
  readonly is_active: number;
  readonly settings: string;
  readonly created_at: number;
  readonly updated_at: number;
}

const COLUMNS = 'id, name, slug, contact_email, is_active, settings, created_at, updated_at';

export const listTenants = systemStatement<TenantRow>(
  'tenants.list',
  `SELECT ${COLUMNS} FROM tenants ORDER BY slug`,
);

/** Changes nothing where the slug is taken. */
export const insertTenant = systemStatement(
  'tenants.insert',
  `INSERT INTO tenants (${COLUMNS})
   VALUES (:id, :name, :slug, :contact_email, 1, :settings, :now, :now)
   ON CONFLICT (slug) DO NOTHING`,
);

/** `seen` is the `updated_at` that the change was made from: of two changes at once one is refused. */
export const updateTenant = systemStatement(
  'tenants.update',
  `UPDATE tenants SET name = :name, contact_email = :contact_email, is_active = :is_active,
     settings = :settings, updated_at = :now
   WHERE id = :id AND updated_at = :seen`,
);
