// What every store promises, over SQLite and PostgreSQL alike.
import { expect, test, vi } from 'vitest';
import { systemStatement, tenantStatement } from '../../src/store/statement.ts';
import { StoreConflict, StoreRefusal } from '../../src/store/store.ts';
import { eachStore } from '../support/store.ts';

const insertTenant = systemStatement(
  'test.insert_tenant',
  'INSERT INTO tenants (id, name, slug, created_at, updated_at) VALUES (:id, :name, :id, :now, :now)',
);
const renameTenant = tenantStatement(
  'test.rename_tenant',
  'UPDATE tenants SET name = :name WHERE id = :tenant',
);
const ownTenants = tenantStatement<{ id: string; name: string }>(
  'test.own_tenants',
  'SELECT id, name FROM tenants WHERE id = :tenant',
);
const allTenants = systemStatement<{ id: string; created_at: number }>(
  'test.all_tenants',
  'SELECT id, created_at FROM tenants ORDER BY id',
);
const returning = systemStatement<{ slug: string }>(
  'test.returning',
  'UPDATE tenants SET updated_at = updated_at + 1 WHERE id LIKE :pattern RETURNING slug',
);
const values = systemStatement<Record<string, unknown>>('test.values', {
  sqlite: "SELECT :text AS text, :number AS number, :bytes AS bytes, :absent AS absent, ':no' AS literal",
  postgres:
    "SELECT CAST(:text AS TEXT) AS text, CAST(:number AS BIGINT) AS number, CAST(:bytes AS BYTEA) AS bytes, CAST(:absent AS TEXT) AS absent, ':no' AS literal",
});

eachStore(({ openStore, createDatabase }) => {
  const add = (id: string) => ({ statement: insertTenant, values: { id, name: id, now: 1_790_000_000_000 } });

  test('reads what was written', async () => {
    const store = await openStore();
    await store.write('system', [add('a')]);
    expect(await store.read({ tenant: 'a' }, ownTenants, {})).toEqual([{ id: 'a', name: 'a' }]);
    expect(await store.read({ tenant: 'b' }, ownTenants, {})).toEqual([]);
    expect(await store.read('system', allTenants, {})).toEqual([
      { id: 'a', created_at: 1_790_000_000_000 },
      { id: 'default', created_at: 0 },
    ]);
  });

  test('keeps values unchanged', async () => {
    const store = await openStore();
    const given = {
      text: 'ä\n\'";--',
      number: -9_007_199_254_740_991,
      bytes: new Uint8Array([0, 255, 7]),
      absent: null,
    };
    const [row] = await store.read('system', values, given);
    expect({ ...row, bytes: new Uint8Array(Object(row).bytes) }).toEqual({ ...given, literal: ':no' });
  });

  test('runs all steps of a write or none', async () => {
    const store = await openStore();
    const failing = store.write('system', [add('a'), add('b'), add('a')]);
    await expect(failing).rejects.toMatchObject({
      name: 'StoreRefusal',
      reason: 'unique',
      statement: 'test.insert_tenant',
    });
    expect((await store.read('system', allTenants, {})).map(({ id }) => id)).toEqual(['default']);
  });

  test('answers changes and returned rows per step', async () => {
    const store = await openStore();
    const results = await store.write('system', [
      add('a'),
      add('b'),
      { statement: returning, values: { pattern: '_' } },
      { statement: returning, values: { pattern: 'none' } },
    ]);
    expect(results.map(({ changes }) => changes)).toEqual([1, 1, 2, 0]);
    expect(results[2]?.rows.map(({ slug }) => slug).sort()).toEqual(['a', 'b']);
  });

  test('undoes a write whose step changed another number of rows than expected', async () => {
    const store = await openStore();
    const rename = (expected: number) => ({
      statement: renameTenant,
      values: { name: 'new' },
      expect: expected,
    });
    await store.write('system', [add('a')]);
    const conflict = await store
      .write({ tenant: 'a' }, [rename(1), rename(2)])
      .catch((error: unknown) => error);
    expect(conflict).toBeInstanceOf(StoreConflict);
    expect(conflict).toMatchObject({ step: 1 });
    expect(await store.read({ tenant: 'a' }, ownTenants, {})).toEqual([{ id: 'a', name: 'a' }]);
    await store.write({ tenant: 'a' }, [rename(1)]);
    expect(await store.read({ tenant: 'a' }, ownTenants, {})).toEqual([{ id: 'a', name: 'new' }]);
  });

  test('a failing write does not harm those that were made at the same time', async () => {
    const store = await openStore();
    await store.write('system', [add('taken')]);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, (_, index) =>
        index % 3 === 0
          ? store.write('system', [add(`lost-${index}`), add('taken')])
          : index % 3 === 1
            ? store.write('system', [{ ...add(`undone-${index}`), expect: 2 }])
            : store.write('system', [add(`kept-${index}`)]),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
    const ids = (await store.read('system', allTenants, {})).map(({ id }) => id);
    expect(ids.filter((id) => id.startsWith('kept-'))).toHaveLength(20);
    expect(ids).toHaveLength(22);
  });

  test('admits a statement only in the scope that it is declared for', async () => {
    const store = await openStore();
    await expect(store.read('system', ownTenants, {})).rejects.toThrow('scope tenant');
    await expect(store.read({ tenant: 'a' }, allTenants, {})).rejects.toThrow('scope system');
    await expect(store.write({ tenant: 'a' }, [add('b')])).rejects.toThrow('scope system');
    await expect(store.read({ tenant: 'a' }, ownTenants, { tenant: 'b' })).rejects.toThrow(
      'from the scope only',
    );
    await expect(store.write('system', [{ statement: insertTenant, values: {} }])).rejects.toThrow(
      'lacks a value for :id',
    );
  });

  test('goes on after a refusal', async () => {
    const store = await openStore();
    const broken = systemStatement(`test.broken_${Math.random()}`, 'SELECT missing FROM tenants');
    await expect(store.read('system', broken, {})).rejects.toBeInstanceOf(StoreRefusal);
    await expect(store.write('system', [{ statement: broken, values: {} }])).rejects.toBeInstanceOf(
      StoreRefusal,
    );
    await store.write('system', [add('a')]);
    expect(await store.read('system', allTenants, {})).toHaveLength(2);
  });

  test('tells other stores of an announced change within 1 s, and of no other', async () => {
    const { open } = await createDatabase();
    const [writer, reader] = [await open(), await open()];
    const [changed, other, own] = [vi.fn(), vi.fn(), vi.fn()];
    const stop = reader.watch('keys', changed);
    reader.watch('flags', other);
    writer.watch('keys', own);
    await vi.waitFor(
      async () => {
        await writer.write('system', [writer.announce('keys')]);
        expect(changed).toHaveBeenCalled();
        expect(own).toHaveBeenCalled();
      },
      { timeout: 5000, interval: 300 },
    );
    expect(other).not.toHaveBeenCalled();
    const before = performance.now();
    changed.mockClear();
    await writer.write('system', [add('x'), writer.announce('keys')]);
    await vi.waitFor(() => expect(changed).toHaveBeenCalled(), { timeout: 2000, interval: 10 });
    expect(performance.now() - before).toBeLessThan(1000);
    stop();
    changed.mockClear();
    other.mockClear();
    await writer.write({ tenant: 'x' }, [writer.announce('keys'), writer.announce('flags')]);
    await vi.waitFor(() => expect(other).toHaveBeenCalled(), { timeout: 2000, interval: 10 });
    expect(changed).not.toHaveBeenCalled();
  });

  test('a closed store finishes what it accepted and refuses the rest', async () => {
    const { open } = await createDatabase();
    const [store, other] = [await open(), await open()];
    const writes = Array.from({ length: 20 }, (_, index) => store.write('system', [add(`t${index}`)]));
    await Promise.all(writes);
    await store.close();
    await expect(store.write('system', [add('late')])).rejects.toMatchObject({ name: 'StoreUnavailable' });
    await expect(store.read('system', allTenants, {})).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(await other.read('system', allTenants, {})).toHaveLength(21);
  });
});
