// What PostgreSQL can do to a store under load: end its sessions, go away, come back. Nothing acknowledged is lost.
import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import { systemStatement } from '../../src/store/statement.ts';
import { type Store, StoreUnavailable } from '../../src/store/store.ts';
import { asAdministrator, onPostgres } from '../support/store.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

const TIMEOUT_MS = 60_000;
const CALLERS = 16;

const addTenant = systemStatement(
  'test.outage_add',
  'INSERT INTO tenants (id, name, slug, created_at, updated_at) VALUES (:id, :id, :id, 0, 0)',
);
const allTenants = systemStatement<{ id: string }>(
  'test.outage_all',
  "SELECT id FROM tenants WHERE id LIKE 'w%'",
);

interface Load {
  readonly acknowledged: string[];
  readonly unknown: Set<string>;
  readonly otherFailures: unknown[];
  stop(): Promise<void>;
}

/** Callers that write one row after the other, each row once. */
function startLoad(store: Store): Load {
  const acknowledged: string[] = [];
  const unknown = new Set<string>();
  const otherFailures: unknown[] = [];
  let isOver = false;
  let last = 0;
  const callers = Array.from({ length: CALLERS }, async (_, caller) => {
    while (!isOver) {
      const id = `w${last++}`;
      // Some with a second round trip, so that sessions also end between the two.
      const expected = caller % 2 === 0 ? { expect: 1 } : {};
      try {
        await store.write('system', [{ statement: addTenant, values: { id }, ...expected }]);
        acknowledged.push(id);
      } catch (error) {
        if (error instanceof StoreUnavailable) unknown.add(id);
        else otherFailures.push(error);
        await wait(5);
      }
    }
  });
  const stop = async (): Promise<void> => {
    isOver = true;
    await Promise.all(callers);
  };
  // A test that fails before its own stop must not leave them running.
  onTestFinished(stop);
  return { acknowledged, unknown, otherFailures, stop };
}

async function expectNothingLost(store: Store, load: Load): Promise<void> {
  expect(load.otherFailures).toEqual([]);
  const present = new Set((await store.read('system', allTenants, {})).map(({ id }) => id));
  expect(load.acknowledged.filter((id) => !present.has(id))).toEqual([]);
  const known = new Set(load.acknowledged);
  expect([...present].filter((id) => !known.has(id) && !load.unknown.has(id))).toEqual([]);
}

onPostgres(({ createDatabase }) => {
  test(
    'P20: sessions that are ended under load lose no acknowledged write, and the store is whole again',
    async () => {
      const { address, open } = await createDatabase();
      if (address.kind !== 'postgres') throw new Error('PostgreSQL only.');
      const store = await open();
      const missed = vi.fn();
      store.watch('topic', missed);
      const load = startLoad(store);
      const database = new URL(address.url).pathname.slice(1);
      for (let round = 0; round < 25; round += 1) {
        const before = load.acknowledged.length;
        await vi.waitFor(() => expect(load.acknowledged.length).toBeGreaterThan(before + 20), {
          timeout: 10_000,
          interval: 2,
        });
        await asAdministrator(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}' AND pid <> pg_backend_pid()`,
        );
      }
      await load.stop();
      expect(load.unknown.size).toBeGreaterThan(0);
      await expectNothingLost(store, load);
      await vi.waitFor(() => expect(missed).toHaveBeenCalled(), { timeout: 5000, interval: 20 });
      expect(store.problem()).toBeUndefined();
    },
    TIMEOUT_MS,
  );

  test(
    'P20: while the server restarts callers wait; while it is gone they are refused at once; then all is well',
    async () => {
      const { address } = await createDatabase();
      if (address.kind !== 'postgres') throw new Error('PostgreSQL only.');
      const url = new URL(address.url);
      const proxy = await startTcpProxy({
        host: url.hostname,
        port: Number(url.port === '' ? 5432 : url.port),
      });
      url.host = `127.0.0.1:${proxy.port}`;
      const store = await openStore({ ...address, url: url.href });
      try {
        const load = startLoad(store);
        await vi.waitFor(() => expect(load.acknowledged.length).toBeGreaterThan(50), { timeout: 10_000 });
        await proxy.cut();
        await vi.waitFor(() => expect(store.problem()).toMatch(/PostgreSQL cannot be reached/), {
          timeout: 5000,
          interval: 5,
        });
        const failedBefore = load.unknown.size;
        await wait(500);
        // Nobody was refused meanwhile: what failed was under way when the connections went.
        expect(load.unknown.size).toBe(failedBefore);
        await proxy.mend();
        const during = load.acknowledged.length;
        await vi.waitFor(() => expect(load.acknowledged.length).toBeGreaterThan(during + 50), {
          timeout: 5000,
          interval: 20,
        });
        expect(store.problem()).toBeUndefined();
        await load.stop();
        await expectNothingLost(store, load);

        await proxy.cut();
        await expect(store.read('system', allTenants, {})).rejects.toBeInstanceOf(StoreUnavailable);
        await vi.waitFor(
          async () => {
            const asked = performance.now();
            await expect(store.read('system', allTenants, {})).rejects.toBeInstanceOf(StoreUnavailable);
            expect(performance.now() - asked).toBeLessThan(100);
          },
          { timeout: 6000 },
        );
        await proxy.mend();
        // Without anybody asking.
        await vi.waitFor(() => expect(store.problem()).toBeUndefined(), { timeout: 3000, interval: 20 });
        await store.write('system', [{ statement: addTenant, values: { id: 'w-after' } }]);
      } finally {
        await store.close();
        await proxy.cut();
      }
    },
    TIMEOUT_MS,
  );

  test('a clock that is set back does not make rows invisible', async () => {
    const store = await (await createDatabase()).open();
    await store.write('system', [{ statement: addTenant, values: { id: 'w-clock' } }]);
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      for (const hours of [-1, 3]) {
        vi.setSystemTime(Date.now() + hours * 3_600_000);
        expect(await store.read('system', allTenants, {})).toEqual([{ id: 'w-clock' }]);
      }
    } finally {
      vi.useRealTimers();
    }
  });
});
