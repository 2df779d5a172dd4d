// Opens the store that the settings name, with the schema that this program needs.
import { join } from 'node:path';
import { migrations, newestMigration } from './migrations/migrations.ts';
import { type AppliedMigration, type MigrationStep, SchemaError } from './migrations/plan.ts';
import { currentUrl, followUrl } from './postgres/login.ts';
import type { Store } from './store.ts';

/** Which database, and how to reach it. */
export type StoreAddress =
  | { readonly kind: 'sqlite'; readonly path: string }
  | {
      readonly kind: 'postgres';
      readonly url: string;
      /** Holds `user:password`, read for each session; wins over the login of the url. */
      readonly loginFile?: string;
      /**
       * 32 bytes that sign tenant contexts. Needed where the url's user is an ordinary role that cannot read them from
       * the database; `migrate` as owner with the same value stores it there.
       */
      readonly contextKey?: Uint8Array;
      /** Most sessions at a time; default 16. */
      readonly poolSize?: number;
    };

export interface OpenStoreOptions {
  /** Takes failures that no caller sees: of a watcher, or of the session that listens. Default: thrown away. */
  readonly onError?: (error: unknown) => void;
  /** Default: the clock. */
  readonly now?: () => number;
}

/** What PostgreSQL's own default of 100 connections leaves room for, with several replicas. */
const POOL_SIZE = 16;
/** The embedded store's file below the data folder. */
const FILE_NAME = 'quayside.db';

/** The embedded store of a data folder. */
export function embeddedStore(dataDirectory: string): StoreAddress {
  return { kind: 'sqlite', path: join(dataDirectory, FILE_NAME) };
}

/**
 * Opens the store after bringing its schema up to date. Rejects with SchemaError where that is not possible, with
 * StoreUnavailable or StoreRefusal, or with what SQLite reports.
 */
export async function openStore(address: StoreAddress, options: OpenStoreOptions = {}): Promise<Store> {
  const { onError = () => undefined } = options;
  await migrateStore(address, options);
  if (address.kind === 'sqlite') {
    const { openSqliteStore } = await import('./sqlite/sqlite-store.ts');
    return openSqliteStore({ path: address.path, onError });
  }
  const { inspectPostgres } = await import('./postgres/migrate.ts');
  const { openPostgresStore } = await import('./postgres/postgres-store.ts');
  const url = followUrl(address);
  const { role, contextKey = address.contextKey } = await inspectPostgres(url());
  if (contextKey === undefined) {
    throw new SchemaError(
      'The user of DATABASE_URL cannot read the key of the tenant contexts: set DATABASE_CONTEXT_KEY to the value that `quayside migrate` was run with.',
    );
  }
  return openPostgresStore({
    url,
    role,
    contextKey,
    poolSize: address.poolSize ?? POOL_SIZE,
    onError,
  });
}

/** Takes the schema to `target`, the newest by default; tells which steps ran. Rejects as {@link openStore}. */
export async function migrateStore(
  address: StoreAddress,
  options: { readonly target?: number; readonly now?: () => number } = {},
): Promise<readonly MigrationStep[]> {
  const { target = newestMigration, now = Date.now } = options;
  if (address.kind === 'sqlite') {
    const { migrateSqlite } = await import('./sqlite/migrate.ts');
    return migrateSqlite(address.path, { all: migrations, target, now });
  }
  const { migratePostgres } = await import('./postgres/migrate.ts');
  const { contextKey } = address;
  return migratePostgres(currentUrl(address), {
    all: migrations,
    target,
    now,
    ...(contextKey === undefined ? {} : { contextKey }),
  });
}

/** What ran on the database, oldest first. Rejects as {@link openStore}. */
export async function appliedMigrations(address: StoreAddress): Promise<readonly AppliedMigration[]> {
  if (address.kind === 'sqlite') {
    const { appliedSqlite } = await import('./sqlite/migrate.ts');
    return appliedSqlite(address.path) ?? [];
  }
  const { appliedPostgres } = await import('./postgres/migrate.ts');
  return (await appliedPostgres(currentUrl(address))) ?? [];
}
