// Times the sql handler alone, without gate and transport: `node bench/micro/sql.ts [seconds]`.
// SQLite on the main thread and in a child, PostgreSQL at 1, 16 and 64 callers, and the serialisation around them.
// PostgreSQL is measured when BENCH_POSTGRES_URL is set; its tables are made in a schema of their own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { ensureShopDatabase } from '../../examples/shop/shop-database.ts';
import { openDatabases } from '../../src/databases/databases.ts';
import type { SqlHandler } from '../../src/definition/schema/handler.ts';
import { createSqlHandler } from '../../src/handlers/sql/sql-handler.ts';
import type { Log } from '../../src/telemetry/log.ts';
import type { Call, ToolResult } from '../../src/tool.ts';

const nothing = (): void => undefined;
const log: Log = {
  debug: nothing,
  info: nothing,
  warn: (fields, message) => console.warn(message, fields),
  error: nothing,
  child: () => log,
};
const { positionals } = parseArgs({ allowPositionals: true });
const seconds = Number(positionals[0] ?? 1);

const folder = mkdtempSync(join(tmpdir(), 'quayside-bench-sql-'));
const shop = join(folder, 'shop.db');
ensureShopDatabase(shop);
const postgresUrl = process.env.BENCH_POSTGRES_URL;
const schema = `quayside_bench_${process.pid}`;
if (postgresUrl !== undefined) await fillPostgres(postgresUrl);

const base = { mode: 'read', tenancy: 'none', tenantColumn: 'tenant_id', maxConnections: 5 } as const;
const databases = openDatabases(
  {
    shop: { url: `sqlite:${shop}`, ...base },
    ...(postgresUrl === undefined ? {} : { postgres: { url: postgresUrl, ...base } }),
  },
  { baseDirectory: folder, log },
);

const lookUp =
  'SELECT id, placed_at, total FROM %orders WHERE customer = :customer ORDER BY placed_at DESC LIMIT :limit';
const inChild = `${lookUp.replace('customer = :customer', "customer = :customer AND status <> 'cancelled'")}`;

try {
  await measure('sqlite, main thread', 'shop', lookUp.replace('%', ''), [1]);
  await measure('sqlite, main thread, by key', 'shop', 'SELECT * FROM customers WHERE id = :customer', [1]);
  await measure('sqlite, child process', 'shop', inChild.replace('%', ''), [1, 16]);
  if (postgresUrl !== undefined) {
    await measure('postgres', 'postgres', lookUp.replace('%', `${schema}.`), [1, 16, 64]);
  }
} finally {
  await databases.close();
  rmSync(folder, { recursive: true });
  if (postgresUrl !== undefined) await command(postgresUrl, [`DROP SCHEMA ${schema} CASCADE`]);
}

async function measure(
  title: string,
  database: string,
  statement: string,
  callers: readonly number[],
): Promise<void> {
  const handler: SqlHandler = {
    type: 'sql',
    database,
    statement,
    mode: 'read',
    maxRows: 1000,
    timeout: 30_000,
    result: 'rows',
  };
  const properties = { customer: { type: 'string' }, limit: { type: 'integer' } };
  const prepared = await createSqlHandler({ databases, maxResultBytes: 5 * 1024 * 1024 })(handler, {
    serverSlug: 'bench',
    serverName: 'bench',
    serverVersion: '1',
    toolName: 'find_orders',
    tags: [],
    baseDirectory: folder,
    trusted: true,
    sandbox: undefined,
    inputSchema: { type: 'object', properties },
    log,
  });
  for (const concurrency of callers) {
    const run = (index: number) => prepared.run(callOf(index));
    await during(0.3, concurrency, run);
    const cpu = process.cpuUsage();
    const { perSecond, count, last } = await during(seconds, concurrency, run);
    const used = process.cpuUsage(cpu);
    const micros = (used.user + used.system) / count;
    const serialise = timeOf(() => JSON.stringify({ jsonrpc: '2.0', id: 1, result: last }));
    console.log(
      `${title}, ${concurrency} callers: ${Math.round(perSecond)}/s, ${micros.toFixed(1)} us of CPU each; serialising the answer ${serialise.toFixed(1)} us`,
    );
  }
}

async function during(
  duration: number,
  concurrency: number,
  run: (index: number) => Promise<ToolResult>,
): Promise<{ perSecond: number; count: number; last: ToolResult }> {
  let last: ToolResult = { content: [] };
  let count = 0;
  const start = performance.now();
  const end = start + duration * 1000;
  async function caller(): Promise<void> {
    while (performance.now() < end) {
      last = await run(count);
      count += 1;
      // An answer that needed no waiting must not starve the timers of those that do.
      if (count % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await Promise.all(Array.from({ length: concurrency }, caller));
  return { perSecond: (count * 1000) / (performance.now() - start), count, last };
}

function timeOf(work: () => unknown): number {
  const rounds = 5000;
  for (let index = 0; index < 1000; index += 1) work();
  const start = performance.now();
  for (let index = 0; index < rounds; index += 1) work();
  return ((performance.now() - start) / rounds) * 1000;
}

function callOf(index: number): Call {
  return {
    args: { customer: `C${String((index % 240) + 1).padStart(4, '0')}`, limit: 20 },
    requestId: 'bench',
    signal: new AbortController().signal,
    principal: { type: 'local', id: 'bench', name: 'bench', tenantId: 'default', roles: [], permissions: [] },
    client: {
      protocolVersion: '2026-07-28',
      log: nothing,
      requestInput: () => Promise.reject(new Error('nobody to ask')),
      supports: () => false,
      closeStream: nothing,
      notify: nothing,
    },
  };
}

async function fillPostgres(url: string): Promise<void> {
  const source = new DatabaseSync(shop, { readOnly: true });
  const rows = source.prepare('SELECT id, customer, placed_at, total FROM orders').all();
  source.close();
  const values = rows
    .map((row) => `(${row.id}, '${row.customer}', '${row.placed_at}', ${row.total})`)
    .join(',');
  await command(url, [
    `CREATE SCHEMA ${schema}`,
    `CREATE TABLE ${schema}.orders (id int PRIMARY KEY, customer text, placed_at timestamptz, total numeric(10, 2))`,
    `INSERT INTO ${schema}.orders VALUES ${values}`,
    `CREATE INDEX ON ${schema}.orders (customer, placed_at)`,
    `ANALYZE ${schema}.orders`,
  ]);
}

async function command(url: string, statements: readonly string[]): Promise<void> {
  const { Client } = await import('pg');
  const client = new Client({ connectionString: url });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}
