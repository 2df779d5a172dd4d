// Databases for tests of what keeps state: each suite runs over SQLite and PostgreSQL, each opening is a fresh database.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, describe } from 'vitest';
import { openStore, type StoreAddress } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { requires, services } from './requires.ts';

export interface TestDatabase {
  readonly address: StoreAddress;
  /** Another store of this process over the same database; closed after the suite. */
  open(): Promise<Store>;
}

/** What a suite gets: makers of databases that are removed, with their roles, when the suite ends. */
export interface StoreSuite {
  readonly kind: StoreAddress['kind'];
  createDatabase(): Promise<TestDatabase>;
  /** A store over a fresh database. */
  openStore(): Promise<Store>;
}

const hasPostgres = await requires.postgres();

/** Runs the suite over SQLite and over PostgreSQL; skips the latter, with the reason, where there is none. */
export function eachStore(suite: (context: StoreSuite) => void): void {
  describe('SQLite', () => suite(createSuite('sqlite', createSqlite)));
  describe.skipIf(!hasPostgres)('PostgreSQL', () => suite(createSuite('postgres', createPostgres)));
}

/** Runs the suite over PostgreSQL only; skips it, with the reason, where there is none. */
export function onPostgres(suite: (context: StoreSuite) => void): void {
  describe.skipIf(!hasPostgres)('PostgreSQL', () => suite(createSuite('postgres', createPostgres)));
}

interface Made {
  readonly address: StoreAddress;
  remove(): Promise<void>;
}

function createSuite(kind: StoreAddress['kind'], make: () => Promise<Made>): StoreSuite {
  const cleanUp: (() => Promise<void>)[] = [];
  afterAll(async () => {
    // Stores are closed before their database goes.
    for (const step of cleanUp.reverse()) await step();
  });
  async function createDatabase(): Promise<TestDatabase> {
    const { address, remove } = await make();
    cleanUp.push(remove);
    return {
      address,
      async open() {
        const store = await openStore(address);
        cleanUp.push(() => store.close());
        return store;
      },
    };
  }
  return { kind, createDatabase, openStore: async () => (await createDatabase()).open() };
}

async function createSqlite(): Promise<Made> {
  const directory = mkdtempSync(join(tmpdir(), 'quayside-store-'));
  return {
    address: { kind: 'sqlite', path: join(directory, 'quayside.db') },
    remove: async () => rmSync(directory, { recursive: true, force: true }),
  };
}

async function createPostgres(): Promise<Made> {
  const name = `quayside_test_${randomBytes(6).toString('hex')}`;
  await asAdministrator(`CREATE DATABASE ${name}`);
  const url = new URL(services.postgres);
  url.pathname = `/${name}`;
  return {
    address: { kind: 'postgres', url: url.href, poolSize: 8 },
    async remove() {
      await asAdministrator(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await asAdministrator(`DROP ROLE IF EXISTS ${name}_app`);
    },
  };
}

/** Runs one statement as the user of the tests' PostgreSQL. */
export async function asAdministrator(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: services.postgres });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
