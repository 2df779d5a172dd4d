import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readStatement } from '../statement.ts';
import { proveBounded } from './bounded-program.ts';
import { type GuardedConnection, openGuarded } from './guarded-connection.ts';

let folder: string;
let connection: GuardedConnection;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quayside-bounded-'));
  const path = join(folder, 'shop.db');
  const database = new DatabaseSync(path);
  database.exec(`
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, buyer INT, placed_at TEXT, total REAL);
    CREATE INDEX by_customer ON orders (customer, placed_at);
    CREATE INDEX open_orders ON orders (placed_at) WHERE total > 100;
    CREATE TABLE items (order_id INT, line INT, sku TEXT, PRIMARY KEY (order_id, line)) WITHOUT ROWID;
    CREATE VIEW of_ada AS SELECT * FROM orders WHERE customer = 'ada';
    CREATE VIRTUAL TABLE notes USING fts5 (body);
  `);
  database.close();
  connection = openGuarded({ path, maxValueBytes: 65_536, busyTimeoutMs: 0 });
});

afterAll(() => {
  connection.close();
  rmSync(folder, { recursive: true, force: true });
});

function reason(source: string): string | undefined {
  return proveBounded(connection, readStatement(source, 'sqlite').text).unbounded;
}

test.each([
  'SELECT id, placed_at, total FROM orders WHERE customer = :customer ORDER BY placed_at DESC LIMIT :limit',
  'SELECT id FROM orders WHERE customer = :customer ORDER BY placed_at',
  'SELECT id FROM orders WHERE customer = :c AND placed_at BETWEEN :a AND :b ORDER BY placed_at LIMIT 50',
  'SELECT * FROM orders WHERE id = :id',
  'SELECT * FROM customers WHERE name = :name',
  'SELECT line, sku FROM items WHERE order_id = :id',
  'SELECT * FROM orders ORDER BY id DESC LIMIT 10',
  'SELECT * FROM of_ada LIMIT 3',
  'SELECT upper(name) AS n, coalesce(id, 0) AS i, date(:day) AS d FROM customers WHERE id = :id',
  'SELECT id, (SELECT name FROM customers c WHERE c.id = o.buyer) AS buyer FROM orders o WHERE customer = :c LIMIT 9',
  "SELECT CASE WHEN total > 10 THEN 'big' ELSE 'small' END AS size FROM orders WHERE customer = :c",
  'SELECT * FROM customers c LEFT JOIN items i ON i.order_id = c.id WHERE c.id = :id',
  'SELECT id FROM customers WHERE id = :a UNION ALL SELECT id FROM orders WHERE id = :a',
  'SELECT 1 AS one',
])('is bounded: %s', (source) => {
  expect(reason(source)).toBeUndefined();
});

test.each([
  [
    'a filter beside the index may skip any number of rows',
    'SELECT id FROM orders WHERE customer = :c AND total > 5 LIMIT 3',
  ],
  ['a filter by type', "SELECT id FROM orders WHERE customer = :c AND typeof(total) = 'real'"],
  [
    'a filter by two types',
    "SELECT id FROM orders WHERE customer = :c AND typeof(total) IN ('real', 'null')",
  ],
  ['a scan with a filter', 'SELECT id FROM orders WHERE total = :t LIMIT 1'],
  ['OFFSET', 'SELECT id FROM orders WHERE customer = :c LIMIT 1 OFFSET :skip'],
  ['a sort', 'SELECT id FROM orders WHERE customer = :c ORDER BY total LIMIT 1'],
  ['an aggregate', 'SELECT count(*) AS n FROM orders WHERE customer = :c'],
  ['an aggregate in a subquery', 'SELECT id, (SELECT count(*) FROM items) AS n FROM orders WHERE id = :id'],
  ['a grouping', 'SELECT placed_at, max(total) AS m FROM orders WHERE customer = :c GROUP BY placed_at'],
  ['DISTINCT', 'SELECT DISTINCT total FROM orders WHERE customer = :c LIMIT 2'],
  [
    'a join that may drop rows',
    'SELECT o.id FROM orders o JOIN customers c ON c.id = o.buyer WHERE o.customer = :c LIMIT 2',
  ],
  ['a recursion', 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n LIMIT 2'],
  ['a cross join', 'SELECT 1 AS a FROM orders a, orders b WHERE a.total = b.total'],
  ['an expensive function', 'SELECT randomblob(:n) AS b FROM customers WHERE id = 1'],
  ['a pattern', 'SELECT id FROM customers WHERE id = 1 AND name LIKE :p'],
  ['a window', 'SELECT id, row_number() OVER (ORDER BY total) AS r FROM orders WHERE customer = :c'],
  ['a virtual table', 'SELECT body FROM notes WHERE notes MATCH :q LIMIT 1'],
  ['a table function', 'SELECT value FROM json_each(:list) LIMIT 1'],
  ['UNION', 'SELECT id FROM orders WHERE customer = :c UNION SELECT id FROM customers'],
  [
    'EXISTS over an index with a filter',
    'SELECT id FROM customers WHERE EXISTS (SELECT 1 FROM orders WHERE customer = name AND total > 5)',
  ],
])('is not proven bounded: %s', (_why, source) => {
  expect(reason(source)).toBeTypeOf('string');
});

test('a program of hundreds of instructions is not proven', () => {
  const columns = Array.from({ length: 400 }, (_, index) => `id + ${index} AS c${index}`).join(', ');
  expect(reason(`SELECT ${columns} FROM orders WHERE id = :id`)).toContain('instructions');
});

test('a program without a loop tells how many rows it can yield', () => {
  const maxRows = (source: string) => {
    const proof = proveBounded(connection, readStatement(source, 'sqlite').text);
    return proof.unbounded === undefined ? proof.maxRows : 'unbounded';
  };
  expect(maxRows('SELECT * FROM orders WHERE id = :id')).toBe(1);
  expect(
    maxRows('SELECT id FROM customers WHERE id = :a UNION ALL SELECT id FROM orders WHERE id = :a'),
  ).toBe(2);
  expect(maxRows('SELECT id FROM orders WHERE customer = :c')).toBeUndefined();
});
