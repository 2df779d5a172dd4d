// Databases with the same tables on both engines, for tests that must hold on each.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import type { Database } from '../../src/databases/database.ts';
import { type Databases, openDatabases } from '../../src/databases/databases.ts';
import type { Log } from '../../src/telemetry/log.ts';
import { services } from '../support/requires.ts';

export const MAX_BYTES = 1024 * 1024;
export const LIMITS = { maxRows: 100, maxBytes: MAX_BYTES, timeoutMs: 5000 };

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A log that remembers its lines. */
export function recordingLog(): Log & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const write = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    lines.push({ level, message, fields });
  };
  const log = {
    lines,
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => log,
  };
  return log;
}

export interface Fixture {
  readonly databases: Databases;
  readonly database: Database;
  readonly url: string;
  readonly log: ReturnType<typeof recordingLog>;
  /** Runs a statement with full rights, outside of the product. */
  admin(statement: string): Promise<void>;
  remove(): Promise<void>;
}

/** 1,200 orders of 12 customers, 100 each; every third is cancelled. */
const TABLES = (big: string, text: string) => [
  `CREATE TABLE orders (id ${big} PRIMARY KEY, customer ${text} NOT NULL, placed_at ${text} NOT NULL, status ${text} NOT NULL)`,
  `CREATE INDEX orders_by_customer ON orders (customer, placed_at)`,
];
const ROWS = Array.from({ length: 1200 }, (_, index) => {
  const day = new Date(Date.UTC(2026, 0, 1) + index * 3_600_000).toISOString();
  return `(${index + 1}, 'c${index % 12}', '${day}', '${index % 3 === 0 ? 'cancelled' : 'open'}')`;
}).join(',');

export async function sqliteFixture(): Promise<Fixture> {
  const folder = mkdtempSync(join(tmpdir(), 'quayside-databases-'));
  const path = join(folder, 'orders.db');
  const admin = async (statement: string) => {
    const connection = new DatabaseSync(path, { timeout: 5000 });
    connection.exec(statement);
    connection.close();
  };
  for (const statement of [...TABLES('INTEGER', 'TEXT'), `INSERT INTO orders VALUES ${ROWS}`])
    await admin(statement);
  return fixture(`sqlite:${path}`, admin, async () => rmSync(folder, { recursive: true, force: true }));
}

export async function postgresFixture(maxConnections = 5): Promise<Fixture> {
  const name = `quayside_test_${randomBytes(6).toString('hex')}`;
  await postgresCommand(services.postgres, `CREATE DATABASE ${name}`);
  const url = new URL(services.postgres);
  url.pathname = `/${name}`;
  const admin = (statement: string) => postgresCommand(url.href, statement);
  for (const statement of [...TABLES('bigint', 'text'), `INSERT INTO orders VALUES ${ROWS}`])
    await admin(statement);
  const remove = () => postgresCommand(services.postgres, `DROP DATABASE ${name} WITH (FORCE)`);
  return fixture(url.href, admin, remove, maxConnections);
}

async function postgresCommand(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function fixture(
  url: string,
  admin: (statement: string) => Promise<void>,
  remove: () => Promise<void>,
  maxConnections = 5,
): Fixture {
  const log = recordingLog();
  const databases = openTestDatabases({ main: url }, log, maxConnections);
  const database = databases.get('main');
  if (database === undefined) throw new Error('the fixture has a database "main"');
  return {
    databases,
    database,
    url,
    log,
    admin,
    async remove() {
      await databases.close();
      await remove();
    },
  };
}

/** Opens databases by url with otherwise default settings. */
export function openTestDatabases(
  urls: Readonly<Record<string, string>>,
  log: Log,
  maxConnections = 5,
): Databases {
  const rest = { mode: 'read', tenancy: 'none', tenantColumn: 'tenant_id', maxConnections } as const;
  const definitions = Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, { url, ...rest }]));
  return openDatabases(definitions, { baseDirectory: tmpdir(), log });
}
