import { DatabaseSync } from 'node:sqlite';
import { beforeEach, expect, test } from 'vitest';
import { createGroupRunner, type GroupStep } from './group.ts';

let database: DatabaseSync;
let run: ReturnType<typeof createGroupRunner>;

beforeEach(() => {
  database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, data BLOB, CHECK (id >= 0))');
  run = createGroupRunner(database);
});

const insert = (id: number, data: Uint8Array | null = null): GroupStep => ({
  statement: 1,
  text: 'INSERT INTO t VALUES (?, ?)',
  values: [id, data],
});
const ids = () =>
  database
    .prepare('SELECT id FROM t ORDER BY id')
    .all()
    .map(({ id }) => id);

test('a refused write is undone alone, with its reason and its step', () => {
  const outcomes = run([[insert(1)], [insert(2), insert(1)], [insert(-1)], [insert(3)]]);
  expect(outcomes).toMatchObject([
    { results: [{ changes: 1, rows: [] }] },
    { refused: 1, reason: 'unique' },
    { refused: 0, reason: 'check' },
    { results: [{ changes: 1 }] },
  ]);
  expect(ids()).toEqual([1, 3]);
});

test('a write with another count than expected is undone alone', () => {
  const remove: GroupStep = { statement: 2, text: 'DELETE FROM t WHERE id > ?', values: [0], expect: 2 };
  expect(run([[insert(1)], [insert(5), remove], [insert(7)]])).toMatchObject([
    { results: [{}] },
    { results: [{}, { changes: 2 }] },
    { results: [{}] },
  ]);
  expect(run([[insert(8), remove, { ...remove, expect: 1 }], [insert(9)]])).toMatchObject([
    { conflict: 2 },
    { results: [{}] },
  ]);
  expect(ids()).toEqual([7, 9]);
});

test('a text that did not compile is an outcome of its write, again and again', () => {
  const broken: GroupStep = { statement: 3, text: 'SELECT missing FROM nowhere', values: [] };
  expect(run([[broken], [insert(1)]])).toMatchObject([{ refused: 0, reason: 'other' }, { results: [{}] }]);
  expect(run([[{ statement: 3, values: [] }]])).toMatchObject([
    { refused: 0, message: expect.stringContaining('nowhere') },
  ]);
});

test('a full disk refuses what does not fit and keeps what was promised', () => {
  database.exec('PRAGMA max_page_count = 20');
  const outcomes = run([[insert(1)], [insert(2, new Uint8Array(1_000_000))], [insert(3)]]);
  const kept = outcomes.flatMap((outcome, index) => ('results' in outcome ? [index + 1] : []));
  expect(kept).not.toContain(2);
  expect(ids()).toEqual(kept);
  expect(run([[insert(4)]])).toMatchObject([{ results: [{ changes: 1 }] }]);
});

test('when the commit fails, nobody is told of success', () => {
  database.exec(
    'PRAGMA foreign_keys = ON; CREATE TABLE child (id INTEGER REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED)',
  );
  const orphan: GroupStep = { statement: 4, text: 'INSERT INTO child VALUES (?)', values: [99] };
  expect(run([[insert(1)], [orphan]])).toMatchObject([
    { failed: expect.any(String) },
    { failed: expect.any(String) },
  ]);
  expect(ids()).toEqual([]);
});
