import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Databases, openDatabases } from '../../databases/databases.ts';
import type { SqlHandler } from '../../definition/schema/handler.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Call, JsonObject } from '../../tool.ts';
import type { HandlerContext, PreparedHandler } from '../handler.ts';
import { createSqlHandler } from './sql-handler.ts';

let folder: string;
let databases: Databases;
let warnings: { fields: JsonObject; message: string }[];
let observed: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quayside-sql-handler-'));
  const database = new DatabaseSync(join(folder, 'shop.db'));
  database.exec(`CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, total REAL);
    CREATE INDEX by_customer ON orders (customer);
    INSERT INTO orders VALUES (1, 'ada', 9.5), (2, 'ben', 3), (3, 'ada', 12)`);
  database.close();
  writeFileSync(
    join(folder, 'text.db'),
    'this is no database but it is long enough to look like a file'.repeat(20),
  );
  warnings = [];
  observed = [];
  const rest = { mode: 'read', tenancy: 'none', tenantColumn: 'tenant_id', maxConnections: 5 } as const;
  databases = openDatabases(
    {
      shop: { url: 'sqlite:./shop.db', ...rest },
      gone: { url: 'sqlite:./gone.db', ...rest },
      text: { url: 'sqlite:./text.db', ...rest },
      dead: { url: 'postgres://someone:verysecret@127.0.0.1:1/shop', ...rest },
    },
    { baseDirectory: folder, log: testLog(), observe: ({ operation }) => observed.push(operation) },
  );
});

afterEach(async () => {
  await databases.close();
  rmSync(folder, { recursive: true, force: true });
});

function testLog(): Log {
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (fields, message) => warnings.push({ fields, message }),
    error: () => undefined,
    child: () => log,
  };
  return log;
}

const context = (properties: readonly string[]): HandlerContext => ({
  serverSlug: 'shop',
  serverName: 'Shop',
  serverVersion: '1.0.0',
  toolName: 'find_orders',
  tags: [],
  baseDirectory: folder,
  trusted: true,
  sandbox: undefined,
  inputSchema: {
    type: 'object',
    properties: Object.fromEntries(properties.map((name) => [name, { type: 'string' }])),
  },
  log: testLog(),
});

async function prepare(
  handler: Partial<SqlHandler>,
  properties: readonly string[] = [],
  maxResultBytes = 1_000_000,
): Promise<PreparedHandler> {
  const full: SqlHandler = {
    type: 'sql',
    database: 'shop',
    mode: 'read',
    maxRows: 1000,
    timeout: 5000,
    result: 'rows',
    ...handler,
  };
  return createSqlHandler({ databases, maxResultBytes })(full, context(properties));
}

function call(args: JsonObject = {}): Call {
  return {
    args,
    requestId: 'r1',
    signal: new AbortController().signal,
    principal: { type: 'local', id: 'local', name: 'local', tenantId: 'default', roles: [], permissions: [] },
    client: {
      protocolVersion: '2026-07-28',
      log: () => undefined,
      requestInput: () => Promise.reject(new Error('nobody to ask')),
      supports: () => false,
      closeStream: () => undefined,
      notify: () => undefined,
    },
  };
}

test('P03: an sql tool answers rows as text and as structured content', async () => {
  const handler = await prepare(
    { statement: 'SELECT id, total FROM orders WHERE customer = :customer ORDER BY id' },
    ['customer'],
  );
  const result = await handler.run(call({ customer: 'ada' }));
  const structured = {
    rows: [
      { id: 1, total: 9.5 },
      { id: 3, total: 12 },
    ],
    rowCount: 2,
    truncated: false,
  };
  expect(result).toEqual({
    content: [{ type: 'text', text: JSON.stringify(structured) }],
    structuredContent: structured,
  });
  expect(handler.annotations).toEqual({ readOnlyHint: true, openWorldHint: false });
  expect(handler.timeoutMs).toBe(5000);
  expect(observed).toEqual(['sqlite']);
});

test('result: first and scalar answer one row and one value, or null', async () => {
  const first = await prepare(
    { statement: 'SELECT id, total FROM orders WHERE customer = :customer ORDER BY id', result: 'first' },
    ['customer'],
  );
  expect((await first.run(call({ customer: 'ada' }))).structuredContent).toEqual({
    row: { id: 1, total: 9.5 },
  });
  expect((await first.run(call({ customer: 'eve' }))).structuredContent).toEqual({ row: null });
  const scalar = await prepare(
    { statement: 'SELECT sum(total) AS sum FROM orders WHERE customer = :customer', result: 'scalar' },
    ['customer'],
  );
  expect(await scalar.run(call({ customer: 'ada' }))).toEqual({
    content: [{ type: 'text', text: '{"value":21.5}' }],
    structuredContent: { value: 21.5 },
  });
  expect((await scalar.run(call())).structuredContent).toEqual({ value: null });
});

test('P36: more rows than maxRows are cut, and the result says so', async () => {
  const handler = await prepare({ statement: 'SELECT id FROM orders ORDER BY id', maxRows: 2 });
  const result = await handler.run(call());
  expect(result.structuredContent).toEqual({ rows: [{ id: 1 }, { id: 2 }], rowCount: 2, truncated: true });
  expect(result._meta).toEqual({ truncated: true });
});

test('a result never exceeds its share of maxResultSize, escapes included', async () => {
  const statement = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
    SELECT i, replace(hex(zeroblob(50)), '0', char(1)) AS controls FROM n`;
  const handler = await prepare({ statement }, [], 40_000);
  const result = await handler.run(call());
  const text = String(result.content[0]?.text);
  expect(text.length).toBeLessThanOrEqual(18_000);
  expect(JSON.parse(text)).toEqual(result.structuredContent);
  expect(result._meta).toEqual({ truncated: true });
  expect(text.length).toBeGreaterThan(10_000);
});

test.each([
  [
    'an unknown database',
    { database: 'shops', statement: 'SELECT 1 AS a' },
    'HANDLER_CONFIG_ERROR',
    'did you mean "shop"?',
  ],
  [
    'a missing file',
    { database: 'gone', statement: 'SELECT 1 AS a' },
    'HANDLER_CONFIG_ERROR',
    'does not exist',
  ],
  [
    'a file that is no database',
    { database: 'text', statement: 'SELECT 1 AS a' },
    'HANDLER_CONFIG_ERROR',
    'cannot be opened as SQLite',
  ],
  [
    'a parameter that is no argument',
    { statement: 'SELECT id FROM orders WHERE customer = :custommer' },
    'HANDLER_CONFIG_ERROR',
    'did you mean ":customer"?',
  ],
  [
    'an unknown column',
    { statement: 'SELECT nope FROM orders' },
    'HANDLER_SYNTAX_ERROR',
    'no such column: nope',
  ],
  ['a syntax error', { statement: 'SELECT FROM WHERE' }, 'HANDLER_SYNTAX_ERROR', 'syntax error'],
  ['a write', { statement: 'DELETE FROM orders' }, 'HANDLER_LOAD_ERROR', 'Only reads are allowed'],
  [
    'two statements',
    { statement: 'SELECT 1 AS a; SELECT 2 AS a' },
    'HANDLER_LOAD_ERROR',
    'Only one statement',
  ],
  ['columns of one name', { statement: 'SELECT 1 AS a, 2 AS a' }, 'HANDLER_CONFIG_ERROR', 'with AS'],
  ['write mode', { statement: 'SELECT 1 AS a', mode: 'write' }, 'HANDLER_CONFIG_ERROR', 'handler.mode'],
  ['a template', { template: 'search' }, 'HANDLER_CONFIG_ERROR', 'handler.template'],
  ['no statement', {}, 'HANDLER_CONFIG_ERROR', 'handler.statement'],
] as const)('refuses %s when it is prepared', async (_title, handler, code, message) => {
  await expect(prepare(handler, ['customer'])).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
});

test('an argument that the statement never uses is a warning', async () => {
  await prepare({ statement: 'SELECT 1 AS a' }, ['customer']);
  expect(warnings).toEqual([
    {
      fields: { tool: 'find_orders', unused: ['customer'] },
      message: 'arguments are never used by the statement',
    },
  ]);
});

test('a timeout is HANDLER_TIMEOUT_ERROR', async () => {
  const statement =
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n';
  const handler = await prepare({ statement, timeout: 200 });
  await expect(handler.run(call())).rejects.toMatchObject({ code: 'HANDLER_TIMEOUT_ERROR' });
});

test('a failing statement tells the caller nothing about tables, and the log everything', async () => {
  const handler = await prepare(
    { statement: 'SELECT id FROM orders WHERE customer = :customer LIMIT :limit' },
    ['customer', 'limit'],
  );
  await expect(handler.run(call({ customer: 'ada', limit: 'many' }))).rejects.toMatchObject({
    code: 'HANDLER_EXECUTION_ERROR',
    message: 'An argument has the wrong type for its place in the statement.',
  });
  expect(warnings).toEqual([
    expect.objectContaining({ fields: expect.objectContaining({ detail: 'datatype mismatch' }) }),
  ]);
});

test('a database that cannot be reached does not stop the start, and calls say so without secrets', async () => {
  const handler = await prepare({ database: 'dead', statement: 'SELECT 1 AS a' });
  await expect(handler.run(call())).rejects.toMatchObject({
    code: 'HANDLER_NETWORK_ERROR',
    message: 'The database cannot be reached.',
    details: { retryable: true },
  });
  expect(JSON.stringify(warnings)).not.toContain('verysecret');
});

test('a slow statement is logged with names and numbers, never with values', async () => {
  const statement = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rounds)
    SELECT count(*) AS n FROM n`;
  const handler = await prepare({ statement, timeout: 30_000 }, ['rounds']);
  // Doubled until the machine at hand needs long enough.
  for (let rounds = 4_000_000; warnings.length === 0 && rounds < 1e9; rounds *= 2)
    await handler.run(call({ rounds }));
  expect(warnings).toEqual([
    {
      message: 'slow statement',
      fields: {
        tool: 'find_orders',
        database: 'shop',
        parameters: ['rounds'],
        durationMs: expect.any(Number),
        rows: 1,
      },
    },
  ]);
}, 40_000);

test('write mode and unknown schemes of a database are refused with its name', () => {
  const rest = { tenancy: 'none', tenantColumn: 'tenant_id', maxConnections: 5 } as const;
  const open = (url: string, mode: 'read' | 'write') =>
    openDatabases({ main: { url, mode, ...rest } }, { baseDirectory: folder, log: testLog() });
  expect(() => open('sqlite:./shop.db', 'write')).toThrow('databases.main.mode');
  expect(() => open('mysql://h/d', 'read')).toThrow(
    'databases.main.url: The scheme "mysql" is not supported',
  );
});
