// Makes the sample shop: customers, products, orders and their items, the same rows on every machine.
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { customers, products, type SampleOrder, sampleOrders } from './shop-data.ts';

/** Raised whenever tables or rows change: an older file is made anew. */
const VERSION = 1;
/** Marks a file as ours ("QSHP"), so that no other database is ever replaced. */
const APPLICATION_ID = 0x51534850;

const SCHEMA = `
  CREATE TABLE customers (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE,
    city TEXT NOT NULL,
    country TEXT NOT NULL,
    joined_on TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE products (
    sku TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    category TEXT NOT NULL,
    price REAL NOT NULL CHECK (price > 0),
    stock INTEGER NOT NULL CHECK (stock >= 0)
  ) WITHOUT ROWID;
  CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    customer TEXT NOT NULL REFERENCES customers (id),
    placed_at TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('placed', 'paid', 'shipped', 'delivered', 'cancelled')),
    total REAL NOT NULL
  );
  CREATE TABLE order_items (
    order_id INTEGER NOT NULL REFERENCES orders (id),
    line INTEGER NOT NULL,
    sku TEXT NOT NULL REFERENCES products (sku),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    unit_price REAL NOT NULL,
    PRIMARY KEY (order_id, line)
  ) WITHOUT ROWID;
`;

/** Made after the rows: building an index once is cheaper than keeping it while they arrive. */
const INDEXES = `
  CREATE INDEX orders_by_customer ON orders (customer, placed_at);
  CREATE INDEX orders_by_status ON orders (status, placed_at);
  CREATE INDEX order_items_by_sku ON order_items (sku);
  CREATE INDEX products_by_category ON products (category, name);
`;

/**
 * Makes the shop database at `path` unless it is there already; takes about 50 ms. It is written beside and then
 * moved into place, so that nobody ever opens half of it. Throws Error when `path` holds another database.
 */
export function ensureShopDatabase(path: string): void {
  const state = stateOf(path);
  if (state === 'current') return;
  if (state === 'foreign')
    throw new Error('The file for the sample shop holds another database; choose another path.');
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.new`;
  rmSync(draft, { force: true });
  const database = new DatabaseSync(draft);
  try {
    fill(database);
  } finally {
    database.close();
  }
  renameSync(draft, path);
}

function stateOf(path: string): 'absent' | 'current' | 'outdated' | 'foreign' {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(path, { readOnly: true });
  } catch {
    // Opening read-only fails for a file that does not exist, which is the usual first start.
    return 'absent';
  }
  try {
    if (database.prepare('PRAGMA application_id').get()?.application_id !== APPLICATION_ID) return 'foreign';
    return database.prepare('PRAGMA user_version').get()?.user_version === VERSION ? 'current' : 'outdated';
  } catch {
    // Not a database at all: certainly not ours to replace.
    return 'foreign';
  } finally {
    database.close();
  }
}

function fill(database: DatabaseSync): void {
  // The file is thrown away if anything fails before it is moved into place, so it needs no journal.
  database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN');
  database.exec(SCHEMA);
  const addCustomer = database.prepare('INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?)');
  for (const { id, name, email, city, country, joinedOn } of customers) {
    addCustomer.run(id, name, email, city, country, joinedOn);
  }
  const addProduct = database.prepare('INSERT INTO products VALUES (?, ?, ?, ?, ?)');
  for (const { sku, name, category, price, stock } of products)
    addProduct.run(sku, name, category, price, stock);
  addOrders(database, sampleOrders());
  database.exec(INDEXES);
  database.exec('COMMIT; ANALYZE');
  database.exec(
    `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${VERSION}; PRAGMA synchronous = FULL`,
  );
}

function addOrders(database: DatabaseSync, orders: Iterable<SampleOrder>): void {
  const addOrder = database.prepare('INSERT INTO orders VALUES (?, ?, ?, ?, ?)');
  const addItem = database.prepare('INSERT INTO order_items VALUES (?, ?, ?, ?, ?)');
  for (const { id, customer, placedAt, status, total, items } of orders) {
    addOrder.run(id, customer, placedAt, status, total);
    items.forEach(({ sku, quantity, unitPrice }, index) => {
      addItem.run(id, index + 1, sku, quantity, unitPrice);
    });
  }
}
