import { expect, test } from 'vitest';
import { StoreRefusal, StoreUnavailable } from '../../store/store.ts';
import { type GroupRow, groupWrites, type WriteRows } from './write-groups.ts';

const row = (id: string, size = 1): GroupRow => ({ id, place: id, size });

/** A database that is as slow as the test wants. */
function database(refuse: (ids: readonly string[]) => Error | undefined = () => undefined) {
  const writes: string[][] = [];
  const waiting: (() => void)[] = [];
  const writeRows: WriteRows<GroupRow> = async (tenant, rows) => {
    writes.push(rows.map(({ id }) => `${tenant}/${id}`));
    await new Promise<void>((resolve) => waiting.push(resolve));
    const error = refuse(rows.map(({ id }) => id));
    if (error !== undefined) throw error;
    return new Set(rows.map(({ id }) => id).filter((id) => !id.startsWith('taken')));
  };
  return {
    write: groupWrites(writeRows),
    writes,
    /** Ends every write, also those that begin meanwhile. */
    async finish(results: readonly Promise<unknown>[]) {
      const all = Promise.allSettled(results);
      let isDone = false;
      void all.then(() => {
        isDone = true;
      });
      while (!isDone) {
        for (const end of waiting.splice(0)) end();
        await new Promise(setImmediate);
      }
      return all;
    },
  };
}

test('P20: a lone caller waits for nobody; those who come meanwhile go together, in one order', async () => {
  const { write, writes, finish } = database();
  const results = ['d', 'c', 'b', 'taken', 'a'].map((id) => write('t', row(id)));
  expect(writes).toEqual([['t/d']]);
  const settled = await finish(results);
  expect(writes).toEqual([['t/d'], ['t/a', 't/b', 't/c', 't/taken']]);
  expect(settled.map((one) => one.status === 'fulfilled' && one.value)).toEqual([
    true,
    true,
    true,
    false,
    true,
  ]);
});

test('P20: tenants never share a write', async () => {
  const { write, writes, finish } = database();
  await finish([write('t', row('a')), write('u', row('b')), write('t', row('c')), write('t', row('d'))]);
  expect(writes.every((ids) => new Set(ids.map((id) => id[0])).size === 1)).toBe(true);
});

test('P20: a group is bounded in rows and in characters', async () => {
  const many = database();
  await many.finish(Array.from({ length: 200 }, (_, index) => many.write('t', row(String(index)))));
  expect(Math.max(...many.writes.map((ids) => ids.length))).toBe(64);
  const large = database();
  await large.finish(['a', 'b', 'c', 'd', 'e'].map((id) => large.write('t', row(id, 600_000))));
  expect(large.writes.map((ids) => ids.length)).toEqual([1, 1, 1, 1, 1]);
});

test('P20: a row that the database refuses takes no other with it', async () => {
  const refusal = new StoreRefusal('test', 'check', 'no');
  const { write, finish } = database((ids) => (ids.includes('bad') ? refusal : undefined));
  const settled = await finish(['x', 'y', 'a', 'bad', 'b'].map((id) => write('t', row(id))));
  expect(settled.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
  ]);
});

test('P20: a store that is gone is asked once, not once for each', async () => {
  const { write, writes, finish } = database(() => new StoreUnavailable('gone'));
  const settled = await finish(['x', 'y', 'a', 'b'].map((id) => write('t', row(id))));
  expect(settled.every(({ status }) => status === 'rejected')).toBe(true);
  expect(writes).toEqual([['t/x'], ['t/a', 't/b', 't/y']]);
});
