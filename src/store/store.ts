// The durable state of the product behind one interface: SQLite where nothing is installed, PostgreSQL on a cluster.
//
// A statement: declare it beside the code that runs it with `tenantStatement(name, text)` or `systemStatement`, and pass
// it to `read` or as a step of `write`. A table: a file in migrations/ and a line in migrations/migrations.ts, then
// `npm run generate`. docs/reference/store.md says more.
import type { Statement, StoreValues } from './statement.ts';

/** Whose rows: those of one tenant, or everybody's (statements declared for the process itself). */
export type Scope = { readonly tenant: string } | 'system';

/** One statement of a write. */
export interface Step {
  readonly statement: Statement<unknown>;
  readonly values: StoreValues;
  /** When given and another number of rows was changed, the whole write is undone with StoreConflict. */
  readonly expect?: number;
}

export interface StepResult<Row = Readonly<Record<string, unknown>>> {
  /** Rows inserted, changed or deleted. */
  readonly changes: number;
  /** Rows of a RETURNING clause. */
  readonly rows: readonly Row[];
}

/**
 * A write is data, not a closure: all its steps are known before it begins. So it needs one round trip, holds its locks
 * for no longer than it runs, and writes of many callers share one commit.
 */
export interface Store {
  /** Committed rows. Rejects with StoreUnavailable when the database cannot be reached. */
  read<Row>(scope: Scope, statement: Statement<Row>, values: StoreValues): Promise<readonly Row[]>;
  /**
   * Runs the steps in order, all or none; resolves when they are durable. A tenant's scope admits only statements
   * declared for tenants, `system` only those of the process. Rejects with StoreConflict, StoreUnavailable or
   * StoreRefusal.
   */
  write(scope: Scope, steps: readonly Step[]): Promise<readonly StepResult[]>;
  /**
   * Tells within 1 s of any process's write that touched `topic` ({@link Store.announce}); returns the way to stop.
   * Also told once after a lost connection came back, because what happened meanwhile is not known.
   */
  watch(topic: string, changed: () => void): () => void;
  /** The step that tells every process at the commit of the write it is part of. */
  announce(topic: string): Step;
  /** What is wrong now, or undefined: for health. */
  problem(): string | undefined;
  /** A consistent copy while others write. SQLite only; PostgreSQL is backed up by its own means and rejects. */
  backup(path: string): Promise<void>;
  close(): Promise<void>;
}

/** A step changed another number of rows than its write expected; nothing of the write remains. */
export class StoreConflict extends Error {
  readonly step: number;
  constructor(statement: string, step: number) {
    super(`The write was undone: ${statement} did not find the rows it expected.`);
    this.name = 'StoreConflict';
    this.step = step;
  }
}

/** What a database refuses a write for; `other` is a mistake of the program. */
export type RefusalReason = 'unique' | 'foreign_key' | 'not_null' | 'check' | 'other';

/** The database refused a statement; nothing of its write remains. */
export class StoreRefusal extends Error {
  readonly reason: RefusalReason;
  /** Name of the statement, such as `idempotency.reserve`. */
  readonly statement: string;
  constructor(statement: string, reason: RefusalReason, message: string, options?: ErrorOptions) {
    super(`${statement}: ${message}`, options);
    this.name = 'StoreRefusal';
    this.statement = statement;
    this.reason = reason;
  }
}

/** The database cannot be reached; whether a write in flight took effect is not known. */
export class StoreUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreUnavailable';
  }
}
