// A runaway SQLite statement ends at its deadline and nobody else waits for it; memory stays bounded.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ChildPool } from '../../src/databases/sqlite/child-pool.ts';
import { type Fixture, LIMITS, recordingLog, sqliteFixture } from './fixtures.ts';

const RUNAWAY = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n';
const LOOK_UP = 'SELECT id FROM orders WHERE customer = :c ORDER BY placed_at DESC LIMIT :limit';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await sqliteFixture();
});
afterEach(() => fixture.remove());

test('P36: a runaway statement ends within its timeout and 250 ms while other calls go on', async () => {
  const onMain = await fixture.database.prepare(LOOK_UP, LIMITS);
  const inChild = await fixture.database.prepare(
    "SELECT count(*) AS n FROM orders WHERE status = 'open'",
    LIMITS,
  );
  const runaway = await fixture.database.prepare(RUNAWAY, { ...LIMITS, timeoutMs: 500 });
  expect([onMain.place, inChild.place, runaway.place]).toEqual(['main', 'pool', 'pool']);
  // Both children are warm: what is measured is waiting for the runaway, not starting a process.
  await Promise.all([inChild.run({}), inChild.run({})]);

  const start = performance.now();
  let ended = 0;
  const running = runaway.run({}).catch((error: unknown) => {
    ended = performance.now() - start;
    return error;
  });
  const slowest = { main: 0, pool: 0 };
  let calls = 0;
  while (ended === 0) {
    const before = performance.now();
    expect((await onMain.run({ c: 'c1', limit: 5 })).rows).toHaveLength(5);
    const between = performance.now();
    expect((await inChild.run({})).rows).toEqual([{ n: 800 }]);
    slowest.main = Math.max(slowest.main, between - before);
    slowest.pool = Math.max(slowest.pool, performance.now() - between);
    calls += 1;
  }
  expect(await running).toMatchObject({ kind: 'timeout' });
  expect(ended).toBeLessThan(500 + 250);
  expect(calls).toBeGreaterThan(50);
  expect(slowest.main).toBeLessThan(100);
});

test('a killed child is replaced, and more runaways than children do not block for good', async () => {
  const runaway = await fixture.database.prepare(RUNAWAY, { ...LIMITS, timeoutMs: 300 });
  const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => runaway.run({})));
  expect(
    outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason.kind === 'timeout'),
  ).toBe(true);
  const after = await fixture.database.query({
    statement: 'SELECT count(*) AS n FROM orders',
    parameters: {},
    ...LIMITS,
  });
  expect(after.rows).toEqual([{ n: 1200 }]);
  expect(fixture.database.stats().size).toBeLessThanOrEqual(2);
});

test('the queue is bounded: what does not fit is refused at once', async () => {
  const runaway = await fixture.database.prepare(RUNAWAY, { ...LIMITS, timeoutMs: 400 });
  const outcomes = await Promise.allSettled(Array.from({ length: 260 }, () => runaway.run({})));
  const kinds = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.kind : 'answered'));
  expect(kinds.filter((kind) => kind === 'busy')).toHaveLength(260 - 250 - 2);
  expect(kinds.filter((kind) => kind === 'timeout')).toHaveLength(252);
});

test('a value of 1 GB is refused, and neither this process nor a child grows by it', async () => {
  const warm = () =>
    fixture.database.query({ statement: 'SELECT count(*) AS n FROM orders', parameters: {}, ...LIMITS });
  await warm();
  const before = process.memoryUsage.rss();
  for (const statement of [
    'SELECT zeroblob(1000000000) AS big',
    "SELECT printf('%999999999s', 'x') AS big",
    'SELECT randomblob(900000) AS big FROM orders a, orders b',
  ]) {
    const request = { statement, parameters: {}, ...LIMITS };
    await fixture.database
      .query(request)
      .catch((error: unknown) => expect(error).toMatchObject({ kind: 'too_large' }));
  }
  expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024);
  expect((await warm()).rows).toEqual([{ n: 1200 }]);
});

test('a statement that eats memory ends before it ate much', async () => {
  const statement = 'SELECT hex(zeroblob(40000)) || a.id || b.id AS x FROM orders a, orders b ORDER BY x';
  const eater = await fixture.database.prepare(statement, { ...LIMITS, timeoutMs: 60_000 });
  await expect(eater.run({})).rejects.toMatchObject({ kind: 'memory' });
}, 60_000);

test('a dropped index is noticed before the next run: it leaves the main thread', async () => {
  const query = await fixture.database.prepare(LOOK_UP, LIMITS);
  const expected = (await query.run({ c: 'c1', limit: 3 })).rows;
  expect(query.place).toBe('main');
  await fixture.admin('DROP INDEX orders_by_customer');
  expect((await query.run({ c: 'c1', limit: 3 })).rows).toEqual(expected);
  expect(query.place).toBe('pool');
});

test('a database locked by a writer is waited for in a child, not on the main thread', async () => {
  const query = await fixture.database.prepare(LOOK_UP, { ...LIMITS, timeoutMs: 5000 });
  const { DatabaseSync } = await import('node:sqlite');
  const writer = new DatabaseSync(fixture.url.slice('sqlite:'.length));
  writer.exec('BEGIN EXCLUSIVE');
  let longestBlock = 0;
  let last = performance.now();
  const ticker = setInterval(() => {
    longestBlock = Math.max(longestBlock, performance.now() - last);
    last = performance.now();
  }, 10);
  const waiting = query.run({ c: 'c1', limit: 3 });
  setTimeout(() => writer.exec('COMMIT'), 400);
  expect((await waiting).rows).toHaveLength(3);
  clearInterval(ticker);
  writer.close();
  expect(longestBlock).toBeLessThan(200);
});

test('preparing waits for a writer that holds the whole file', async () => {
  const { DatabaseSync } = await import('node:sqlite');
  const writer = new DatabaseSync(fixture.url.slice('sqlite:'.length));
  writer.exec('BEGIN EXCLUSIVE');
  setTimeout(() => writer.exec('COMMIT'), 200);
  const query = await fixture.database.prepare(LOOK_UP, LIMITS);
  expect((await query.run({ c: 'c1', limit: 3 })).rows).toHaveLength(3);
  writer.close();
});

test('a pattern bound at run time is looked up in a child, for each pattern makes its own plan', async () => {
  const query = await fixture.database.prepare(
    'SELECT id FROM orders WHERE customer LIKE :pattern LIMIT 3',
    LIMITS,
  );
  expect(query.place).toBe('pool');
  expect((await query.run({ pattern: 'c1%' })).rows).toHaveLength(3);
  expect((await query.run({ pattern: 'x%' })).rows).toHaveLength(0);
});

test('children end by themselves when their parent is gone', async () => {
  const program = `
    import { openDatabases } from '${new URL('../../src/databases/databases.ts', import.meta.url).pathname}';
    const nothing = () => undefined;
    const log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => log };
    const main = { url: ${JSON.stringify(fixture.url)}, mode: 'read', tenancy: 'none', tenantColumn: 't', maxConnections: 1 };
    const databases = openDatabases({ main }, { baseDirectory: '/', log });
    databases.get('main').query({ statement: ${JSON.stringify(RUNAWAY)}, parameters: {}, maxRows: 1, maxBytes: 1000, timeoutMs: 60000 });
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1000);
  `;
  const parent = spawn(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    '--input-type=module-typescript',
    '-e',
    program,
  ]);
  await expect.poll(() => childrenOf(parent.pid), { timeout: 5000 }).toHaveLength(1);
  const [child] = childrenOf(parent.pid);
  await once(parent, 'exit');
  await expect.poll(() => existsSync(`/proc/${child}`), { timeout: 3000 }).toBe(false);
}, 15_000);

/** Process ids, read where Linux keeps them; the tests run nowhere else. */
function childrenOf(pid: number | undefined): string[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  return existsSync(path) ? readFileSync(path, 'utf8').split(' ').filter(Boolean) : [];
}

test('closing ends what runs and leaves no child behind', async () => {
  const pool = new ChildPool({ size: 1 });
  const request = { path: fixture.url.slice('sqlite:'.length), text: RUNAWAY, bindings: [], parameters: {} };
  const running = pool.run({ ...request, maxRows: 1, maxBytes: 1000, busyTimeoutMs: 100 }, 60_000, undefined);
  const outcome = expect(running).rejects.toMatchObject({ kind: 'cancelled' });
  await new Promise((resolve) => setTimeout(resolve, 200));
  await pool.close();
  await outcome;
  expect(pool.stats()).toEqual({ size: 0, idle: 0, waiting: 0 });
  const late = pool.run({ ...request, maxRows: 1, maxBytes: 1000, busyTimeoutMs: 100 }, 100, undefined);
  await expect(late).rejects.toMatchObject({ kind: 'unavailable' });
});

test('the log says why a statement runs in a child', async () => {
  await fixture.database.prepare('SELECT count(*) AS n FROM orders', LIMITS);
  expect(fixture.log.lines).toContainEqual(
    expect.objectContaining({ level: 'debug', message: 'statement runs in a child process' }),
  );
  expect(recordingLog().lines).toEqual([]);
});
