// Every statement that the product declares: bound to its tenant, and understood by both databases.
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { postgresPlaceholders, sqlitePlaceholders } from '../../src/store/placeholders.ts';
import { declaredStatements, type Statement } from '../../src/store/statement.ts';
import { eachStore } from '../support/store.ts';
import { sourceFiles } from '../tidy/source-tree.ts';
import { unboundTables } from './tenant-predicate.ts';

/** Modules that declare; `store/statement.ts` only offers to. */
const declaring = sourceFiles().filter(
  ({ path, isTest }) =>
    path.startsWith('src/') &&
    !isTest &&
    path !== 'src/store/statement.ts' &&
    /\b(?:tenant|system|shared)Statement(?:<|\()/.test(readFileSync(path, 'utf8')),
);

let statements: readonly Statement<unknown>[];

beforeAll(async () => {
  for (const { path } of declaring) await import(/* @vite-ignore */ `../../${path}`);
  statements = declaredStatements();
});

eachStore(({ createDatabase, kind }) => {
  test('P16 G4: each statement of tenants restricts every table of tenants that it names, or inserts the tenant', async () => {
    const database = await createDatabase();
    await database.open();
    const tables = await tenantTables(database.address);
    expect([...tables.keys()]).toEqual(expect.arrayContaining(['tenants', 'jobs']));
    const own = statements.filter(({ scope }) => scope === 'tenant');
    expect(own.length).toBeGreaterThanOrEqual(10);
    const wrong = own.flatMap(({ name, text }) =>
      unboundTables(text[kind], tables).map((table) => `${name}: ${table}`),
    );
    expect(wrong).toEqual([]);
    const shared = statements.filter(({ scope }) => scope === 'any');
    expect(shared.map(({ name }) => name)).toEqual(['store.announce']);
  });

  test('each declared statement is understood by the database', async () => {
    const database = await createDatabase();
    await database.open();
    const refused = await refusedStatements(database.address, statements);
    expect(refused).toEqual([]);
  });
});

test('statements that leave a table unbound are told from those that bind it', () => {
  const tables = new Map([
    ['jobs', 'tenant_id'],
    ['flags', 'tenant_id'],
    ['tenants', 'id'],
  ]);
  const bound = [
    'SELECT * FROM jobs WHERE tenant_id = :tenant AND id = :id',
    'SELECT * FROM jobs WHERE id = :id AND (tenant_id = :tenant)',
    'SELECT * FROM tenants WHERE id = :tenant',
    'UPDATE jobs SET status = :s WHERE tenant_id = :tenant AND (a = 1 OR b = 2)',
    'DELETE FROM jobs WHERE tenant_id = :tenant',
    'INSERT INTO jobs (id, tenant_id) VALUES (:id, :tenant) ON CONFLICT DO NOTHING',
    'INSERT INTO jobs (tenant_id, id) SELECT :tenant, COALESCE(:a, :b) FROM other',
    'SELECT 1 FROM jobs j JOIN flags AS f ON f.tenant_id = :tenant WHERE j.tenant_id = :tenant',
    'SELECT 1 FROM other',
  ];
  for (const text of bound) expect([text, unboundTables(text, tables)]).toEqual([text, []]);
  const unbound = [
    'SELECT * FROM jobs WHERE id = :tenant',
    "SELECT * FROM jobs WHERE note = 'tenant_id = :tenant'",
    'SELECT * FROM jobs WHERE tenant_id = :tenant OR id = :id',
    'SELECT * FROM jobs WHERE id = :id OR tenant_id = :tenant',
    'SELECT * FROM jobs WHERE tenant_id = :tenant AND a = 1 OR b = 2',
    'SELECT * FROM jobs WHERE NOT tenant_id = :tenant',
    'SELECT * FROM jobs WHERE tenant_id <> :tenant',
    'SELECT 1 FROM jobs j JOIN flags f ON f.id = j.id WHERE j.tenant_id = :tenant',
    'SELECT 1 FROM jobs WHERE tenant_id = :tenant AND id IN (SELECT id FROM flags)',
    'UPDATE jobs SET tenant_id = :tenant',
    'INSERT INTO jobs (id, tenant_id) VALUES (:tenant, :id)',
    'INSERT INTO jobs (id) VALUES (:tenant)',
    'DELETE FROM jobs',
  ];
  for (const text of unbound) expect([text, unboundTables(text, tables).length > 0]).toEqual([text, true]);
});

type Address = Parameters<typeof refusedStatements>[0];

/** Tables with a column for the tenant, and that column. */
async function tenantTables(address: Address): Promise<Map<string, string>> {
  const query =
    address.kind === 'sqlite'
      ? "SELECT m.name AS name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'tenant_id'"
      : "SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'quayside' AND column_name = 'tenant_id'";
  const names = await rowsOf(address, query);
  return new Map([
    ['tenants', 'id'],
    ...names.map(({ name }): [string, string] => [String(name), 'tenant_id']),
  ]);
}

async function rowsOf(address: Address, query: string): Promise<readonly Record<string, unknown>[]> {
  if (address.kind === 'sqlite') {
    const database = new DatabaseSync(address.path);
    const rows = database.prepare(query).all();
    database.close();
    return rows;
  }
  const client = new pg.Client({ connectionString: address.url });
  await client.connect();
  const { rows } = await client.query(query);
  await client.end();
  return rows;
}

async function refusedStatements(
  address:
    | { readonly kind: 'sqlite'; readonly path: string }
    | { readonly kind: 'postgres'; readonly url: string },
  all: readonly Statement<unknown>[],
): Promise<readonly string[]> {
  const refused: string[] = [];
  if (address.kind === 'sqlite') {
    const database = new DatabaseSync(address.path);
    for (const statement of all) {
      try {
        database.prepare(sqlitePlaceholders(statement).text);
      } catch (error) {
        refused.push(`${statement.name}: ${error}`);
      }
    }
    database.close();
    return refused;
  }
  const client = new pg.Client({ connectionString: address.url, options: '-c search_path=quayside' });
  await client.connect();
  for (const [index, statement] of all.entries()) {
    const prepare = `PREPARE s${index} AS ${postgresPlaceholders(statement).text}`;
    await client.query(prepare).catch((error: unknown) => refused.push(`${statement.name}: ${error}`));
  }
  await client.end();
  return refused;
}
