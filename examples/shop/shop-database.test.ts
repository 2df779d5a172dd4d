import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureShopDatabase } from './shop-database.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quayside-shop-'));
  path = join(folder, 'new', 'shop.db');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function contents(file: string): string {
  const database = new DatabaseSync(file, { readOnly: true });
  const hash = createHash('sha256');
  for (const table of ['customers', 'products', 'orders', 'order_items']) {
    hash.update(JSON.stringify(database.prepare(`SELECT * FROM ${table}`).all()));
  }
  database.close();
  return hash.digest('hex');
}

test('the shop is made once, with the same rows everywhere', () => {
  ensureShopDatabase(path);
  const first = contents(path);
  ensureShopDatabase(path);
  expect(contents(path)).toBe(first);
  const other = join(folder, 'other.db');
  ensureShopDatabase(other);
  expect(contents(other)).toBe(first);
});

test('references, totals and names agree', () => {
  ensureShopDatabase(path);
  const database = new DatabaseSync(path, { readOnly: true });
  expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  expect(database.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
  const counts = database.prepare(
    `SELECT (SELECT count(*) FROM customers) customers, (SELECT count(*) FROM products) products,
            (SELECT count(*) FROM orders) orders`,
  );
  expect(counts.get()).toEqual({ customers: 240, products: 56, orders: 2400 });
  const wrongTotals = database.prepare(
    `SELECT count(*) n FROM orders o
     WHERE abs(total - (SELECT sum(quantity * unit_price) FROM order_items WHERE order_id = o.id)) > 0.005`,
  );
  expect(wrongTotals.get()).toEqual({ n: 0 });
  database.close();
});

test('an outdated shop is made anew, a foreign file is left alone', () => {
  ensureShopDatabase(path);
  const fresh = contents(path);
  const database = new DatabaseSync(path);
  database.exec('DELETE FROM order_items; PRAGMA user_version = 0');
  database.close();
  ensureShopDatabase(path);
  expect(contents(path)).toBe(fresh);

  const foreign = join(folder, 'foreign.db');
  const theirs = new DatabaseSync(foreign);
  theirs.exec('CREATE TABLE precious (id)');
  theirs.close();
  expect(() => ensureShopDatabase(foreign)).toThrow('another database');
  const text = join(folder, 'notes.txt');
  writeFileSync(text, 'not a database, but long enough to look at');
  expect(() => ensureShopDatabase(text)).toThrow('another database');
});

test('making the shop takes less than 300 ms', () => {
  ensureShopDatabase(path);
  // The second time everything is loaded: what is measured is the work, not the disk's first touch.
  const start = performance.now();
  ensureShopDatabase(join(folder, 'timed.db'));
  expect(performance.now() - start).toBeLessThan(300);
});
