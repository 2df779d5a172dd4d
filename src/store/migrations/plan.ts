// Which migrations have to run, for either database.
import type { Migration } from './migration.ts';

/** One migration as the database remembers it. */
export interface AppliedMigration {
  readonly id: number;
  readonly name: string;
  /** Epoch milliseconds. */
  readonly appliedAt: number;
}

/** The schema cannot be brought to where this program needs it; the message says what to do. */
export class SchemaError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SchemaError';
  }
}

/** One migration to run. */
export interface MigrationStep {
  readonly migration: Migration;
  readonly direction: 'up' | 'down';
}

/** What leads from `applied` to exactly the migrations up to `target`. Throws SchemaError. */
export function planMigrations(options: {
  readonly all: readonly Migration[];
  readonly applied: readonly AppliedMigration[];
  readonly target: number;
}): readonly MigrationStep[] {
  const { all, applied, target } = options;
  const unknown = applied.find(({ id, name }) => all.find((one) => one.id === id)?.name !== name);
  if (unknown !== undefined) {
    throw new SchemaError(
      `The database has the migration ${unknown.id} (${unknown.name}), which this version does not know: ` +
        'a newer version has used it. Run that version, or take the schema back with its `quayside migrate down`.',
    );
  }
  if (!Number.isInteger(target) || target < 0 || target > (all.at(-1)?.id ?? 0))
    throw new SchemaError(
      `There is no migration ${target}: 0 is an empty schema, ${all.at(-1)?.id ?? 0} the newest.`,
    );
  const done = new Set(applied.map(({ id }) => id));
  const up = all.filter(({ id }) => id <= target && !done.has(id));
  const down = all.filter(({ id }) => id > target && done.has(id)).reverse();
  return [
    ...down.map((migration) => ({ migration, direction: 'down' }) as const),
    ...up.map((migration) => ({ migration, direction: 'up' }) as const),
  ];
}
