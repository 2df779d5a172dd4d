// SQL that the product itself runs, declared once. Both stores run the same text; only a declared statement can run.

/** A value that both stores keep unchanged. Booleans are 0 and 1, times epoch milliseconds, objects JSON text. */
export type StoreValue = string | number | bigint | Uint8Array | null;

/** Values by parameter name; `tenant` is never among them: the store binds it from the scope. */
export type StoreValues = Readonly<Record<string, StoreValue>>;

/** One row by column name. */
export type StoreRow = Readonly<Record<string, StoreValue>>;

/** A declared statement; made by {@link tenantStatement} and {@link systemStatement} only. */
export interface Statement<Row = StoreRow> {
  /** Unique, such as `idempotency.reserve`; named in errors and metrics. */
  readonly name: string;
  /** `:name` parameters; the common subset of SQLite and PostgreSQL 15. */
  readonly text: string;
  /** `tenant`: touches rows of the one tenant that the scope names. `system`: the process itself, across tenants. */
  readonly scope: 'tenant' | 'system';
  /** Never set; carries the type of the rows. */
  readonly row?: Row;
}

const declared = new Map<string, Statement<unknown>>();

/** Declares a statement over rows of one tenant. Throws when its text does not bind `:tenant`. */
export function tenantStatement<Row = StoreRow>(name: string, text: string): Statement<Row> {
  if (!/:tenant\b/.test(text)) throw new Error(`The statement ${name} is not bound to its tenant.`);
  return declare({ name, text, scope: 'tenant' });
}

/** Declares a statement of the process itself: migrations, clean-up, the look-up of a credential. */
export function systemStatement<Row = StoreRow>(name: string, text: string): Statement<Row> {
  return declare({ name, text, scope: 'system' });
}

/** Every statement that was declared so far, for the test that judges all of them. */
export function declaredStatements(): readonly Statement<unknown>[] {
  return [...declared.values()];
}

function declare<Row>(statement: Statement<Row>): Statement<Row> {
  if (declared.has(statement.name)) throw new Error(`The statement ${statement.name} is declared twice.`);
  declared.set(statement.name, statement);
  return statement;
}
