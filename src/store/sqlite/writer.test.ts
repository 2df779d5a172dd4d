import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Writer } from './writer.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quayside-writer-'));
  path = join(folder, 'x.db');
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER)');
  database.close();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

test('the thread ends when nothing is written for a while, and another one takes the next write', async () => {
  const writer = new Writer(path, () => 'INSERT INTO t (n) VALUES (?)');
  const insert = (n: number) => writer.write([{ statement: 1, values: [n] }]);
  await insert(1);
  expect(threads()).toBe(1);
  vi.advanceTimersByTime(9_999);
  await insert(2);
  vi.advanceTimersByTime(9_999);
  expect(threads()).toBe(1);
  vi.advanceTimersByTime(1);
  await vi.waitUntil(() => threads() === 0, { timeout: 10_000 });
  expect(writer.problem()).toBeUndefined();
  await insert(3);
  await writer.close();
  expect(threads()).toBe(0);
  const reader = new DatabaseSync(path, { readOnly: true });
  expect(reader.prepare('SELECT n FROM t ORDER BY n').all()).toMatchObject([{ n: 1 }, { n: 2 }, { n: 3 }]);
  reader.close();
});

/** Threads of this process that Node knows of. */
function threads(): number {
  const report: { readonly workers: readonly unknown[] } = JSON.parse(
    JSON.stringify(process.report.getReport()),
  );
  return report.workers.length;
}
