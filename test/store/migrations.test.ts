// The schema: up, down and up again with data in it, by many processes at once, and never by an older version.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { renderPostgresSchema } from '../../scripts/generate/store-schema.ts';
import type { Migration } from '../../src/store/migrations/migration.ts';
import { migrations, newestMigration } from '../../src/store/migrations/migrations.ts';
import { planMigrations, SchemaError } from '../../src/store/migrations/plan.ts';
import { appliedMigrations, migrateStore, openStore, type StoreAddress } from '../../src/store/open-store.ts';
import { migratePostgres } from '../../src/store/postgres/migrate.ts';
import { migrateSqlite } from '../../src/store/sqlite/migrate.ts';
import { systemStatement } from '../../src/store/statement.ts';
import { requires } from '../support/requires.ts';
import { eachStore } from '../support/store.ts';

const TIMEOUT_MS = 60_000;

const addTenant = systemStatement(
  'test.migrations_add_tenant',
  "INSERT INTO tenants (id, name, slug, created_at, updated_at) VALUES ('kept', 'Kept', 'kept', 1, 2)",
);
const findTenant = systemStatement(
  'test.migrations_find_tenant',
  "SELECT name, slug, created_at FROM tenants WHERE id = 'kept'",
);

const migrate = (address: StoreAddress, all: readonly Migration[], target = all.at(-1)?.id ?? 0) =>
  address.kind === 'sqlite'
    ? Promise.resolve().then(() => migrateSqlite(address.path, { all, target, now: Date.now }))
    : migratePostgres(address.url, { all, target, now: Date.now });

eachStore(({ createDatabase }) => {
  test(
    'P67: every migration goes down and up again, and what was before it stays',
    async () => {
      const { address, open } = await createDatabase();
      const store = await open();
      await store.write('system', [{ statement: addTenant, values: {} }]);
      await store.close();
      for (const [at, { id }] of [...migrations.entries()].slice(1).reverse()) {
        const down = await migrateStore(address, { target: migrations[at - 1]?.id ?? 0 });
        expect(down.map(({ migration, direction }) => [migration.id, direction])).toEqual([[id, 'down']]);
      }
      const up = await migrateStore(address);
      expect(up.map(({ migration }) => migration.id)).toEqual(migrations.slice(1).map(({ id }) => id));
      const again = await open();
      expect(await again.read('system', findTenant, {})).toEqual([
        { name: 'Kept', slug: 'kept', created_at: 1 },
      ]);
      await again.close();
      expect(await migrateStore(address, { target: 0 })).toHaveLength(migrations.length);
      expect(await appliedMigrations(address)).toEqual([]);
      expect(await migrateStore(address)).toHaveLength(migrations.length);
    },
    TIMEOUT_MS,
  );

  test(
    'P67: processes that start at once migrate once',
    async () => {
      const { address } = await createDatabase();
      const stores = await Promise.all(Array.from({ length: 6 }, () => openStore(address)));
      expect(await stores[5]?.read('system', findTenant, {})).toEqual([]);
      await Promise.all(stores.map((store) => store.close()));
      expect((await appliedMigrations(address)).map(({ id }) => id)).toEqual(migrations.map(({ id }) => id));
    },
    TIMEOUT_MS,
  );

  test(
    'P67: a migration that fails leaves nothing behind',
    async () => {
      const { address, open } = await createDatabase();
      await (await open()).close();
      const half = ['CREATE TABLE half (id TEXT PRIMARY KEY)', 'CREATE TABLE half (id TEXT PRIMARY KEY)'];
      const whole = half.slice(0, 1);
      const extra = (statements: readonly string[]): Migration => ({
        id: newestMigration + 1,
        name: 'extra',
        up: { sqlite: statements, postgres: statements },
        down: { sqlite: ['DROP TABLE half'], postgres: ['DROP TABLE half'] },
      });
      await expect(migrate(address, [...migrations, extra(half)])).rejects.toThrow(/already exists/);
      expect(await appliedMigrations(address)).toHaveLength(migrations.length);
      // Would fail if the first half of it had stayed.
      expect(await migrate(address, [...migrations, extra(whole)])).toHaveLength(1);
    },
    TIMEOUT_MS,
  );

  test(
    'P67: a schema of a newer version is refused, with what to do',
    async () => {
      const { address, open } = await createDatabase();
      await (await open()).close();
      const newer: Migration = {
        id: newestMigration + 1,
        name: 'newer',
        up: { sqlite: [], postgres: [] },
        down: { sqlite: [], postgres: [] },
      };
      await migrate(address, [...migrations, newer]);
      const refusal = await openStore(address).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(SchemaError);
      expect(String(refusal)).toMatch(/migration \d+ \(newer\).*newer version.*migrate down/);
    },
    TIMEOUT_MS,
  );
});

test('P67: migrations are in the order of their numbers', () => {
  const ids = migrations.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  expect(new Set(migrations.map(({ name }) => name)).size).toBe(migrations.length);
});

test('a migration that was left out by a branch is made up for', () => {
  const migration = (id: number): Migration => ({
    id,
    name: `m${id}`,
    up: { sqlite: [], postgres: [] },
    down: { sqlite: [], postgres: [] },
  });
  const all = [1, 2, 3, 4].map(migration);
  const applied = [1, 3].map((id) => ({ id, name: `m${id}`, appliedAt: 0 }));
  const steps = (target: number) =>
    planMigrations({ all, applied, target }).map(({ migration: { id }, direction }) => `${direction} ${id}`);
  expect(steps(4)).toEqual(['up 2', 'up 4']);
  expect(steps(1)).toEqual(['down 3']);
  expect(() => planMigrations({ all, applied: [{ id: 2, name: 'other', appliedAt: 0 }], target: 4 })).toThrow(
    SchemaError,
  );
});

describe.skipIf(!(await requires.postgres()))('the dumped schema', () => {
  test(
    'of PostgreSQL is what `npm run generate` writes',
    async () => {
      const kept = readFileSync(join(import.meta.dirname, '../../src/store/schema.postgres.sql'), 'utf8');
      expect(kept).toBe(await renderPostgresSchema());
    },
    TIMEOUT_MS,
  );
});
