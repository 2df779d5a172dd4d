// What a migration is, and the statements that every table of tenants needs on PostgreSQL.

/** Statements of one direction, run in order in one transaction together with the note that they ran. */
export interface Direction {
  readonly sqlite: readonly string[];
  /** `{{app}}` stands for the quoted name of the application role. Unqualified names lie in the schema `quayside`. */
  readonly postgres: readonly string[];
}

/** One step of the schema. The version before it must still be able to run on the schema after it. */
export interface Migration {
  /** Consecutive from 1; the file's number. */
  readonly id: number;
  readonly name: string;
  readonly up: Direction;
  /** The exact way back. */
  readonly down: Direction;
}

/** The rights that the application role can get on a table. */
export type TableRight = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';

const ALL_RIGHTS: readonly TableRight[] = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];

/**
 * PostgreSQL statements for a table whose rows belong to tenants: row-level security, enabled and forced, with the one
 * policy, and the rights of the application role. The comparison with `*` is the context of the process itself; the
 * sub-selects are evaluated once per statement, not per row.
 */
export function tenantTable(
  table: string,
  options: { readonly column?: string; readonly rights?: readonly TableRight[] } = {},
): readonly string[] {
  const { column = 'tenant_id', rights = ALL_RIGHTS } = options;
  const isOwn = `${column} = (SELECT quayside.current_tenant()) OR (SELECT quayside.current_tenant()) = '*'`;
  return [
    `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`,
    `ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`,
    `CREATE POLICY tenant_isolation ON ${table} USING (${isOwn}) WITH CHECK (${isOwn})`,
    ...systemTable(table, rights),
  ];
}

/** PostgreSQL statements for a table that belongs to no tenant: only the rights of the application role. */
export function systemTable(table: string, rights: readonly TableRight[] = ALL_RIGHTS): readonly string[] {
  return [`GRANT ${rights.join(', ')} ON ${table} TO {{app}}`];
}
