// What only PostgreSQL can go through: lost sessions, dead servers, a full pool, statements that change their session.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DatabaseError } from '../../src/databases/database.ts';
import type { Databases } from '../../src/databases/databases.ts';
import { openDatabases } from '../../src/databases/databases.ts';
import { requires, services } from '../support/requires.ts';
import { type Fixture, LIMITS, openTestDatabases, postgresFixture, recordingLog } from './fixtures.ts';

const SLEEP = "SELECT 'slept' AS a FROM (SELECT pg_sleep(30)) AS s";

const hasPostgres = await requires.postgres();

describe.skipIf(!hasPostgres)('postgres', () => {
  let fixture: Fixture;
  const opened: Databases[] = [];

  beforeAll(async () => {
    fixture = await postgresFixture(3);
  });
  afterEach(async () => {
    for (const databases of opened.splice(0)) await databases.close();
  });
  afterAll(() => fixture.remove());

  const query = (statement: string, limits = {}) =>
    fixture.database.query({ statement, parameters: {}, ...LIMITS, ...limits });

  /** What other sessions of the test's database do, seen from outside of the pool. */
  async function activeStatements(): Promise<unknown> {
    const { rows } = await query(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()",
    );
    return rows[0]?.n;
  }

  test('a session killed in the middle of a query fails that query only', async () => {
    const running = query(SLEEP, { timeoutMs: 20_000 }).catch((error: unknown) => error);
    await expect.poll(activeStatements).toBe(1);
    await fixture.admin(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()",
    );
    expect(await running).toMatchObject({ kind: 'unavailable' });
    expect((await query('SELECT 1 AS a')).rows).toEqual([{ a: 1 }]);
  });

  test('idle sessions killed by a restart are replaced without a failed query', async () => {
    await Promise.all([query('SELECT 1 AS a'), query('SELECT 2 AS a'), query('SELECT 3 AS a')]);
    // Two sessions may have answered all three while the last was still being opened.
    await expect.poll(() => fixture.database.stats().size).toBe(3);
    await fixture.admin(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    await expect.poll(() => fixture.database.stats().size).toBe(0);
    expect((await query('SELECT 1 AS a')).rows).toEqual([{ a: 1 }]);
  });

  test('P36: a runaway statement ends at its deadline and is gone from the server within a second', async () => {
    const start = performance.now();
    await expect(query(SLEEP, { timeoutMs: 300 })).rejects.toMatchObject({ kind: 'timeout' });
    expect(performance.now() - start).toBeLessThan(300 + 250);
    await expect.poll(activeStatements, { timeout: 1000 }).toBe(0);
  });

  test('an aborted call leaves nothing running on the server', async () => {
    const controller = new AbortController();
    const running = query(SLEEP, { timeoutMs: 20_000, signal: controller.signal }).catch(
      (error: unknown) => error,
    );
    await expect.poll(activeStatements).toBe(1);
    controller.abort();
    expect(await running).toMatchObject({ kind: 'cancelled' });
    await expect.poll(activeStatements, { timeout: 1000 }).toBe(0);
  });

  test('a full pool makes others wait, then refuses; deadlines count while waiting', async () => {
    const busy = Array.from({ length: 3 }, () =>
      query(SLEEP, { timeoutMs: 1500 }).catch((error: unknown) => error),
    );
    await expect.poll(() => fixture.database.stats().size).toBe(3);
    await expect(query('SELECT 1 AS a', { timeoutMs: 200 })).rejects.toMatchObject({ kind: 'timeout' });
    const waiting = Array.from({ length: 252 }, () =>
      query('SELECT 1 AS a').catch((error: unknown) => error),
    );
    expect(fixture.database.stats()).toMatchObject({ size: 3, idle: 0, waiting: 250 });
    const outcomes = await Promise.all(waiting);
    const refused = outcomes.filter((outcome) => outcome instanceof DatabaseError);
    expect(refused.map((error) => error.kind)).toEqual(['busy', 'busy']);
    expect(await Promise.all(busy)).toMatchObject([
      { kind: 'timeout' },
      { kind: 'timeout' },
      { kind: 'timeout' },
    ]);
  });

  test('a value of 128 MB is refused early and this process does not grow by it', async () => {
    await query('SELECT 1 AS a');
    const before = process.memoryUsage.rss();
    const start = performance.now();
    const request = query("SELECT repeat('x', 134217728) AS big", { timeoutMs: 30_000 });
    await expect(request).rejects.toMatchObject({ kind: 'too_large' });
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024);
    expect(performance.now() - start).toBeLessThan(20_000);
    expect((await query('SELECT 1 AS a')).rows).toEqual([{ a: 1 }]);
  }, 40_000);

  test('an endless answer is cut at the byte cap', async () => {
    const result = await query("SELECT repeat('x', 1000) AS a, generate_series(1, 100000000) AS g", {
      maxRows: 100_000,
    });
    expect(result.truncated).toBe(true);
    expect(result.rows.length).toBeGreaterThan(900);
    expect(result.totalBytes).toBeLessThanOrEqual(LIMITS.maxBytes);
  });

  test.each([
    'SELECT * INTO stolen FROM orders',
    'SELECT * INTO TEMP stolen FROM orders',
    'WITH a AS (DELETE FROM orders RETURNING id) SELECT id FROM a',
    "WITH a AS (INSERT INTO orders VALUES (-1, 'a', 'b', 'c') RETURNING id) SELECT id FROM a",
    "WITH a AS (UPDATE orders SET status = 'x' RETURNING id) SELECT id FROM a",
    'SELECT id FROM orders FOR UPDATE',
    "SELECT set_config('default_transaction_read_only', 'off', false) AS a",
    `SELECT "set_config"('transaction_read_only', 'off', true) AS a`,
    `SELECT U&"set\\005fconfig"('transaction_read_only', 'off', true) AS a`,
    'SELECT pg_terminate_backend(pg_backend_pid()) AS a',
    "SELECT pg_read_file('/etc/passwd') AS a",
    "SELECT pg_ls_dir('/') AS a",
    'SELECT lo_create(0) AS a',
    "SELECT lo_from_bytea(0, 'x') AS a",
    "SELECT dblink('dbname=postgres', 'DROP TABLE orders') AS a",
    "SELECT query_to_xml('DELETE FROM orders', true, true, '') AS a",
    "SELECT word FROM ts_stat('SELECT to_tsvector(pg_read_file(''/etc/passwd''))')",
    'COPY orders TO STDOUT',
    "COPY orders TO PROGRAM 'id'",
    'SET default_transaction_read_only = off',
    'RESET ALL',
    'BEGIN READ WRITE',
    'COMMIT; DELETE FROM orders',
    'SELECT 1 AS a; COMMIT; DELETE FROM orders',
    'DO $$ BEGIN DELETE FROM orders; END $$',
    'CALL something()',
    'LISTEN channel',
    "SELECT pg_notify('channel', 'x') AS a",
    'LOCK TABLE orders',
    'VACUUM',
    'TRUNCATE orders',
    'PREPARE x AS DELETE FROM orders',
    'DECLARE c CURSOR FOR SELECT 1',
    'EXPLAIN ("analyze") DELETE FROM orders',
  ])('refuses %s', async (statement) => {
    const outcome = await query(statement).catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(DatabaseError);
    const left = await query(
      "SELECT (SELECT count(*) FROM orders)::int AS orders, current_setting('default_transaction_read_only') AS mode, (SELECT count(*) FROM pg_class WHERE relname = 'stolen')::int AS stolen, (SELECT count(*) FROM pg_largeobject_metadata)::int AS objects",
    );
    expect(left.rows).toEqual([{ orders: 1200, mode: 'on', stolen: 0, objects: 0 }]);
  });

  test('a function that changes its session leaves nothing to the next caller', async () => {
    await fixture.admin(`CREATE FUNCTION sneak() RETURNS text LANGUAGE plpgsql AS $$ BEGIN
      PERFORM set_config('default_transaction_read_only', 'off', false);
      PERFORM set_config('app.tenant', 'other', false);
      PERFORM pg_advisory_lock(42);
      RETURN 'done'; END $$`);
    await fixture.admin('CREATE VIEW harmless AS SELECT sneak() AS a');
    expect((await query('SELECT sneak() AS a')).rows).toEqual([{ a: 'done' }]);
    // A view hides the call from the statement: then the server's report of the changed setting gives it away.
    expect((await query('SELECT a FROM harmless')).rows).toEqual([{ a: 'done' }]);
    const state =
      "SELECT current_setting('default_transaction_read_only') AS mode, coalesce(current_setting('app.tenant', true), '') AS tenant, (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')::int AS locks";
    // The server needs a moment to clean up after a session that was thrown away.
    await expect.poll(async () => (await query(state)).rows).toEqual([{ mode: 'on', tenant: '', locks: 0 }]);
  });

  test('slices, casts and dollar quotes are not mistaken for parameters', async () => {
    const { rows } = await fixture.database.query({
      statement:
        "SELECT (ARRAY[1, 2, 3])[1:2] AS slice, '1'::int AS cast, $q$:no$q$ AS quoted, E'\\':no' AS escaped, (ARRAY[4, 5])[:i::int] AS item",
      parameters: { i: 2 },
      ...LIMITS,
    });
    expect(rows).toEqual([{ slice: [1, 2], cast: 1, quoted: ':no', escaped: "':no", item: 5 }]);
  });

  test('times are ISO 8601 in UTC, decimals text, json is json', async () => {
    const { rows } =
      await query(`SELECT timestamptz '2026-01-02 03:04:05.5+02' AS at, date '2026-01-02' AS day,
      12.30::numeric(5, 2) AS price, '{"a": [1]}'::jsonb AS doc, ARRAY['a "b"', NULL, 'c,d'] AS texts,
      ARRAY[[1, 2], [3, 4]] AS grid, true AS yes, '{}'::int[] AS empty`);
    expect(rows).toEqual([
      {
        at: '2026-01-02T01:04:05.5Z',
        day: '2026-01-02',
        price: '12.30',
        doc: { a: [1] },
        texts: ['a "b"', null, 'c,d'],
        grid: [
          [1, 2],
          [3, 4],
        ],
        yes: true,
        empty: [],
      },
    ]);
  });

  test('an argument of the wrong kind is said without leaking the statement', async () => {
    const wrong = fixture.database.query({
      statement: 'SELECT id FROM orders WHERE id = :id',
      parameters: { id: 'x' },
      ...LIMITS,
    });
    await expect(wrong).rejects.toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('invalid input syntax'),
    });
    const nul = fixture.database.query({
      statement: 'SELECT :a::text AS a',
      parameters: { a: 'x\0y' },
      ...LIMITS,
    });
    await expect(nul).rejects.toMatchObject({
      kind: 'failed',
      message: 'An argument contains a NUL character.',
    });
  });

  test('P36: hostile values stay values', async () => {
    const echo = await fixture.database.prepare(
      'SELECT :v::text AS v, count(*)::int AS n FROM orders WHERE customer = :v',
      LIMITS,
    );
    for (const start of [
      "'",
      '"',
      "' OR '1'='1",
      "'; DROP TABLE orders; --",
      '\\',
      '$$',
      '$1',
      ':v',
      '%',
      '{',
      "E'\\",
      '--',
      '/*',
      '\n',
    ]) {
      for (const end of ['', "'", '--', ' OR TRUE', '\\']) {
        expect((await echo.run({ v: start + end })).rows).toEqual([{ v: start + end, n: 0 }]);
      }
    }
  });

  test('a longer deadline gets a session whose own deadline admits it', async () => {
    const databases = openTestDatabases({ main: fixture.url }, recordingLog(), 1);
    opened.push(databases);
    const database = databases.get('main');
    const setting = "SELECT current_setting('statement_timeout') AS t";
    const first = await database?.query({ statement: setting, parameters: {}, ...LIMITS, timeoutMs: 1500 });
    expect(first?.rows).toEqual([{ t: '2s' }]);
    const second = await database?.query({ statement: setting, parameters: {}, ...LIMITS, timeoutMs: 9500 });
    expect(second?.rows).toEqual([{ t: '10s' }]);
  });

  test('a url may not undo the guard', async () => {
    for (const suffix of [
      '?options=-c%20default_transaction_read_only%3Doff',
      '?statement_timeout=0',
      '?replication=database',
    ]) {
      const databases = openTestDatabases({ main: fixture.url + suffix }, recordingLog());
      opened.push(databases);
      await expect(databases.get('main')?.prepare('SELECT 1 AS a', LIMITS)).rejects.toMatchObject({
        kind: 'config',
      });
    }
  });
});

describe('a server that cannot be reached', () => {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const opened: Databases[] = [];

  afterEach(async () => {
    for (const databases of opened.splice(0)) await databases.close();
    for (const socket of sockets) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  async function listen(onConnection: (socket: Socket) => void): Promise<number> {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => sockets.delete(socket));
      onConnection(socket);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  function open(port: number) {
    const log = recordingLog();
    const url = `postgresql+asyncpg://someone:verysecret@127.0.0.1:${port}/shop`;
    const databases = openDatabases(
      { shop: { url, mode: 'read', tenancy: 'none', tenantColumn: 'tenant_id', maxConnections: 2 } },
      { baseDirectory: tmpdir(), log },
    );
    opened.push(databases);
    const database = databases.get('shop');
    if (database === undefined) throw new Error('no database');
    return { database, log };
  }

  test('is a warning at start, a safe error per call, and down in health', async () => {
    const { database, log } = open(1);
    const query = await database.prepare('SELECT 1 AS a', LIMITS);
    const error = await query.run({}).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: 'unavailable', message: 'The database cannot be reached.' });
    expect(await database.health()).toMatchObject({ status: 'down' });
    expect(log.lines.filter((line) => line.level === 'warn').length).toBeGreaterThanOrEqual(1);
    expect(JSON.stringify(log.lines)).not.toContain('verysecret');
  });

  test('accepts and never answers: each call ends at its own deadline', async () => {
    const port = await listen(() => undefined);
    const { database } = open(port);
    const start = performance.now();
    const run = database.query({ statement: 'SELECT 1 AS a', parameters: {}, ...LIMITS, timeoutMs: 300 });
    await expect(run).rejects.toMatchObject({ kind: 'timeout' });
    expect(performance.now() - start).toBeLessThan(300 + 250);
  });

  test('answers nonsense: an error, not a crash', async () => {
    const port = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const { database } = open(port);
    const run = database.query({ statement: 'SELECT 1 AS a', parameters: {}, ...LIMITS, timeoutMs: 1000 });
    await expect(run).rejects.toBeInstanceOf(DatabaseError);
  });

  test.skipIf(!hasPostgres)('comes back: the next calls work', async () => {
    const upstream = new URL(services.postgres);
    let isUp = false;
    const port = await listen((socket) => {
      if (!isUp) {
        socket.destroy();
        return;
      }
      const through = connect({ host: upstream.hostname, port: Number(upstream.port) });
      sockets.add(through);
      through.on('error', () => socket.destroy());
      socket.pipe(through).pipe(socket);
    });
    const databases = openTestDatabases(
      { main: `postgres://postgres@127.0.0.1:${port}${upstream.pathname}` },
      recordingLog(),
    );
    opened.push(databases);
    const database = databases.get('main');
    const query = await database?.prepare('SELECT 7 AS a', LIMITS);
    await expect(query?.run({})).rejects.toMatchObject({ kind: 'unavailable' });
    isUp = true;
    await expect
      .poll(async () => (await query?.run({}).catch(() => undefined))?.rows, { timeout: 5000 })
      .toEqual([{ a: 7 }]);
    expect(await database?.health()).toEqual({ status: 'ok' });
  });
});
