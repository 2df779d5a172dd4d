// SQL that the product itself runs, declared once. Both stores run the same text; only a declared statement can run.

/**
 * A value that both stores keep unchanged. Booleans are 0 and 1, times epoch milliseconds, objects JSON text. Whole
 * numbers lie within ±(2^53 - 1): both stores refuse to read a larger one.
 */
export type StoreValue = string | number | Uint8Array | null;

/** Values by parameter name; `tenant` is never among them: the store binds it from the scope. */
export type StoreValues = Readonly<Record<string, StoreValue>>;

/** One row by column name. */
export type StoreRow = Readonly<Record<string, StoreValue>>;

/**
 * One text for both stores, or one for each where the dialects differ. A parameter whose type PostgreSQL cannot infer
 * from its place (`:x IS NULL`) is written `CAST(:x AS TEXT)`.
 */
export type StatementText = string | { readonly sqlite: string; readonly postgres: string };

/** A declared statement; made by {@link tenantStatement} and {@link systemStatement} only. */
export interface Statement<Row = StoreRow> {
  /** Unique, such as `idempotency.reserve`; named in errors and metrics. */
  readonly name: string;
  /** `:name` parameters; the common subset of SQLite and PostgreSQL 15, or one text each. */
  readonly text: { readonly sqlite: string; readonly postgres: string };
  /**
   * `tenant`: touches rows of the one tenant that the scope names. `system`: the process itself, across tenants.
   * `any`: touches no row of a tenant and may be a step of every write; only the store declares such.
   */
  readonly scope: 'tenant' | 'system' | 'any';
  /** Never set; carries the type of the rows. */
  readonly row?: Row;
}

const declared = new Map<string, Statement<unknown>>();

/** Declares a statement over rows of one tenant. Throws when its text does not bind `:tenant`. */
export function tenantStatement<Row = StoreRow>(name: string, text: StatementText): Statement<Row> {
  const statement = declare<Row>(name, text, 'tenant');
  for (const one of Object.values(statement.text)) {
    if (!/:tenant\b/.test(one)) throw new Error(`The statement ${name} is not bound to its tenant.`);
  }
  return statement;
}

/** Declares a statement of the process itself: migrations, clean-up, the look-up of a credential. */
export function systemStatement<Row = StoreRow>(name: string, text: StatementText): Statement<Row> {
  return declare(name, text, 'system');
}

/** Declares a statement that touches no row of any tenant; for the store's own tables only. */
export function sharedStatement<Row = StoreRow>(name: string, text: StatementText): Statement<Row> {
  return declare(name, text, 'any');
}

/** Every statement that was declared so far, for the test that judges all of them. */
export function declaredStatements(): readonly Statement<unknown>[] {
  return [...declared.values()];
}

function declare<Row>(name: string, text: StatementText, scope: Statement['scope']): Statement<Row> {
  if (declared.has(name)) throw new Error(`The statement ${name} is declared twice.`);
  const both = typeof text === 'string' ? { sqlite: text, postgres: text } : text;
  const statement: Statement<Row> = Object.freeze({ name, text: both, scope });
  declared.set(name, statement);
  return statement;
}
