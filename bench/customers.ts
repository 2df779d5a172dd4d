// The table that the SQL benchmarks read, in SQLite and in PostgreSQL, with the same rows.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { customerCount, customerName } from './calls.ts';
import { scratchFolder } from './scratch.ts';

/** Where the PostgreSQL benchmarks find their server. */
export const postgresAddress: URL = new URL(
  process.env.QUAYSIDE_TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test',
);

const cities = ['Hamburg', 'Rotterdam', 'Gdansk', 'Trieste', 'Bergen', 'Porto'];

/** Path of the SQLite file; written at the first call of a run. */
export function customersFile(): string {
  const file = join(scratchFolder, 'customers.db');
  if (!existsSync(file)) writeSqlite(file);
  return file;
}

/** Writes the table into its own schema of the PostgreSQL database. */
export async function writePostgres(): Promise<void> {
  await withPostgres(async (client) => {
    await client.query('DROP SCHEMA IF EXISTS quayside_bench CASCADE');
    await client.query('CREATE SCHEMA quayside_bench');
    await client.query(
      'CREATE TABLE quayside_bench.customers (id integer PRIMARY KEY, name text, city text, balance float8)',
    );
    const columns = [0, 1, 2, 3].map((column) => customers().map((row) => row[column]));
    await client.query(
      'INSERT INTO quayside_bench.customers SELECT * FROM unnest($1::int[], $2::text[], $3::text[], $4::float8[])',
      columns,
    );
    await client.query('ANALYZE quayside_bench.customers');
  });
}

/** Removes what `writePostgres` wrote. */
export async function removePostgres(): Promise<void> {
  await withPostgres((client) => client.query('DROP SCHEMA IF EXISTS quayside_bench CASCADE'));
}

async function withPostgres(work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: postgresAddress.href });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function writeSqlite(path: string): void {
  const database = new DatabaseSync(path);
  database.exec('CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, city TEXT, balance REAL); BEGIN');
  const insert = database.prepare('INSERT INTO customers VALUES (?, ?, ?, ?)');
  for (const row of customers()) insert.run(...row);
  database.exec('COMMIT; ANALYZE');
  database.close();
}

function customers(): [number, string, string, number][] {
  return Array.from({ length: customerCount }, (_, index) => {
    const id = index + 1;
    return [id, customerName(id), cities[id % cities.length] ?? '', id / 4];
  });
}
