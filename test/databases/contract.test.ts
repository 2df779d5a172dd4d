// What every database does alike, whatever its engine.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DatabaseError, type DatabaseErrorKind } from '../../src/databases/database.ts';
import type { JsonObject } from '../../src/tool.ts';
import { requires } from '../support/requires.ts';
import { type Fixture, LIMITS, postgresFixture, sqliteFixture } from './fixtures.ts';

const engines = [
  { engine: 'sqlite', make: sqliteFixture, isThere: true },
  { engine: 'postgres', make: postgresFixture, isThere: await requires.postgres() },
] as const;

for (const { engine, make, isThere } of engines) {
  describe.skipIf(!isThere)(engine, () => {
    let fixture: Fixture;

    beforeAll(async () => {
      fixture = await make();
    });
    afterAll(() => fixture.remove());

    async function rows(
      statement: string,
      parameters: JsonObject = {},
      limits = {},
    ): Promise<readonly JsonObject[]> {
      return (await fixture.database.query({ statement, parameters, ...LIMITS, ...limits })).rows;
    }

    async function failure(
      statement: string,
      parameters: JsonObject = {},
      limits = {},
    ): Promise<DatabaseErrorKind> {
      const error = await fixture.database.query({ statement, parameters, ...LIMITS, ...limits }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (!(error instanceof DatabaseError)) throw new Error(`expected a DatabaseError, not ${error}`);
      return error.kind;
    }

    test('answers rows as objects, in the order of the statement', async () => {
      const query = await fixture.database.prepare(
        'SELECT id, placed_at FROM orders WHERE customer = :customer ORDER BY placed_at DESC LIMIT :limit',
        LIMITS,
      );
      expect(query.parameterNames).toEqual(['customer', 'limit']);
      const result = await query.run({ customer: 'c3', limit: 2 });
      expect(result.columns).toEqual(['id', 'placed_at']);
      expect(result.rows).toEqual([
        { id: 1192, placed_at: '2026-02-19T15:00:00.000Z' },
        { id: 1180, placed_at: '2026-02-19T03:00:00.000Z' },
      ]);
      expect(result.truncated).toBe(false);
      expect((await query.run({ customer: 'nobody', limit: 2 })).rows).toEqual([]);
    });

    test('the same parameter may be used often, and an absent one is NULL', async () => {
      const statement =
        'SELECT count(*) AS n FROM orders WHERE customer = :customer AND (:status IS NULL OR status = :status)';
      const typed = engine === 'sqlite' ? statement : statement.replaceAll(':status', ':status::text');
      expect(await rows(typed, { customer: 'c0', status: 'cancelled' })).toEqual([{ n: 100 }]);
      expect(await rows(typed, { customer: 'c1', status: 'cancelled' })).toEqual([{ n: 0 }]);
      expect(await rows(typed, { customer: 'c1' })).toEqual([{ n: 100 }]);
    });

    test('what looks like a parameter inside strings, comments and names is none', async () => {
      const statement = `SELECT ':a''s' AS "x:b", 1 AS y -- :c ; drop
        /* :d ; */ WHERE 1 = :one;  -- the end`;
      expect(await rows(statement, { one: 1 })).toEqual([{ 'x:b': ":a's", y: 1 }]);
    });

    test.each([
      [100, 100, 'SELECT id FROM orders WHERE customer = :c ORDER BY placed_at'],
      [99, 100, 'SELECT id FROM orders WHERE customer = :c ORDER BY placed_at'],
      [1, 100, 'SELECT id FROM orders WHERE customer = :c'],
      [1000, 1200, 'SELECT id FROM orders WHERE status <> :c ORDER BY status, id'],
      [1199, 1200, 'SELECT id FROM orders WHERE status <> :c'],
      [1200, 1200, 'SELECT id FROM orders WHERE status <> :c'],
      [5, 1200, 'SELECT id FROM orders WHERE status <> :c LIMIT 100 + 10000'],
      [5, 1200, 'SELECT id FROM orders WHERE status <> :c LIMIT 10000'],
      [5, 5, 'SELECT id FROM orders WHERE status <> :c LIMIT 5'],
      [5, 1200, '/* LIMIT 3 */ SELECT id FROM orders WHERE status <> :c -- LIMIT 2'],
      [
        5,
        200,
        "SELECT id FROM orders WHERE customer = :c UNION ALL SELECT id FROM orders WHERE customer = 'c1'",
      ],
    ])('P36: at most %i of %i rows: %s', async (maxRows, total, statement) => {
      const result = await fixture.database.query({ statement, parameters: { c: 'c5' }, ...LIMITS, maxRows });
      expect(result.rows).toHaveLength(Math.min(maxRows, total));
      expect(result.truncated).toBe(maxRows < total);
    });

    test('a result is cut at the byte cap, and a first row beyond it is refused', async () => {
      const result = await fixture.database.query({
        statement: 'SELECT id, placed_at FROM orders ORDER BY id',
        parameters: {},
        ...LIMITS,
        maxRows: 1200,
        maxBytes: 4000,
      });
      expect(result.truncated).toBe(true);
      expect(result.rows.length).toBeGreaterThan(20);
      expect(result.totalBytes).toBeLessThanOrEqual(4000);
      const long =
        engine === 'sqlite' ? "SELECT printf('%5000s', 'x') AS long" : "SELECT repeat('x', 5000) AS long";
      expect(await failure(long, {}, { maxBytes: 4000 })).toBe('too_large');
      expect(await rows('SELECT 1 AS still')).toEqual([{ still: 1 }]);
    });

    test('values become JSON: wide integers as text, bytes as base64, no infinity', async () => {
      const statement =
        engine === 'sqlite'
          ? `SELECT 9007199254740993 AS wide, 12 AS narrow, 1.5 AS real, 9e999 AS infinite, x'0001ff' AS bytes, NULL AS missing`
          : `SELECT 9007199254740993::bigint AS wide, 12 AS narrow, 1.5::float8 AS real, 'Infinity'::float8 AS infinite,
                    '\\x0001ff'::bytea AS bytes, NULL AS missing`;
      expect(await rows(statement)).toEqual([
        { wide: '9007199254740993', narrow: 12, real: 1.5, infinite: null, bytes: 'AAH/', missing: null },
      ]);
    });

    test('arguments are bound with their types', async () => {
      expect(await rows('SELECT id FROM orders WHERE id = :id', { id: 7 })).toEqual([{ id: 7 }]);
      const condition = engine === 'sqlite' ? ':flag' : ':flag::boolean';
      expect(await rows(`SELECT id FROM orders WHERE ${condition} AND id < 3`, { flag: true })).toHaveLength(
        2,
      );
      expect(await rows(`SELECT id FROM orders WHERE ${condition} AND id < 3`, { flag: false })).toHaveLength(
        0,
      );
      const list = engine === 'sqlite' ? 'IN (SELECT value FROM json_each(:list))' : '= ANY(:list)';
      const found = await rows(`SELECT id FROM orders WHERE id ${list} ORDER BY id`, {
        list: [3, 1, 99_999],
      });
      expect(found).toEqual([{ id: 1 }, { id: 3 }]);
      const texts = await rows(`SELECT count(*) AS n FROM orders WHERE customer ${list}`, {
        list: ['c1', 'c"2', "c'3", 'c4'],
      });
      expect(texts).toEqual([{ n: 200 }]);
    });

    test.each([
      ['a second statement', 'SELECT 1 AS a; SELECT 2 AS b'],
      ['a second statement behind a comment', 'SELECT 1 AS a; /* */ DELETE FROM orders'],
      ['an insert', "INSERT INTO orders VALUES (9999, 'x', 'x', 'x')"],
      ['a deletion', 'DELETE FROM orders'],
      ['a setting', 'SET statement_timeout = 0'],
      ['a pragma', 'PRAGMA query_only = OFF'],
      ['a transaction', 'COMMIT'],
      ['an explanation that executes', 'EXPLAIN ANALYZE SELECT 1'],
      ['nothing', '  -- nothing'],
      ['a NUL character', 'SELECT 1 AS a\0'],
    ])('refuses %s', async (_title, statement) => {
      expect(await failure(statement)).toBe('refused');
      expect(await rows('SELECT count(*) AS n FROM orders')).toEqual([{ n: 1200 }]);
    });

    test('refuses columns of the same name, other placeholders and what never ends', async () => {
      const prepare = (statement: string) => fixture.database.prepare(statement, LIMITS);
      await expect(prepare('SELECT id, id FROM orders')).rejects.toMatchObject({ kind: 'config' });
      await expect(prepare('SELECT id AS "__proto__" FROM orders')).rejects.toMatchObject({ kind: 'config' });
      await expect(prepare('SELECT id FROM orders WHERE id = $1')).rejects.toMatchObject({ kind: 'config' });
      await expect(prepare("SELECT 'abc")).rejects.toMatchObject({ kind: 'syntax' });
      await expect(prepare('SELECT /* abc')).rejects.toMatchObject({ kind: 'syntax' });
      await expect(prepare('SELECT nope FROM orders')).rejects.toMatchObject({
        kind: 'syntax',
        message: expect.stringContaining('nope'),
      });
    });

    test('a changed table is noticed: the plan and the columns are made anew', async () => {
      await fixture.admin('CREATE TABLE changing (id integer PRIMARY KEY, a text)');
      await fixture.admin("INSERT INTO changing VALUES (1, 'x')");
      const query = await fixture.database.prepare('SELECT * FROM changing WHERE id = :id', LIMITS);
      expect((await query.run({ id: 1 })).rows).toEqual([{ id: 1, a: 'x' }]);
      await fixture.admin("ALTER TABLE changing ADD COLUMN b text DEFAULT 'y'");
      expect((await query.run({ id: 1 })).rows).toEqual([{ id: 1, a: 'x', b: 'y' }]);
      expect((await query.run({ id: 1 })).columns).toEqual(['id', 'a', 'b']);
    });

    test('an aborted signal ends a running statement, and the next one works', async () => {
      const controller = new AbortController();
      const statement =
        engine === 'sqlite'
          ? 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n'
          : 'SELECT pg_sleep(30)::text AS slept';
      const running = fixture.database.query({
        statement,
        parameters: {},
        ...LIMITS,
        timeoutMs: 30_000,
        signal: controller.signal,
      });
      setTimeout(() => controller.abort(), 100);
      await expect(running).rejects.toMatchObject({ kind: 'cancelled' });
      expect(await rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await expect(
        fixture.database.query({ statement, parameters: {}, ...LIMITS, signal: AbortSignal.abort() }),
      ).rejects.toMatchObject({ kind: 'cancelled' });
    });

    test('health tells that it works, and numbers tell how it is used', async () => {
      expect(await fixture.database.health()).toEqual({ status: 'ok' });
      expect(fixture.database.stats()).toMatchObject({ name: 'main', kind: engine, waiting: 0 });
    });
  });
}
