// Tasks in the store as time passes, and as several processes reach for them.
import { expect, test } from 'vitest';
import { createTaskLease } from '../../src/protocol/tasks/task-lease.ts';
import {
  createTaskRecords,
  type NewTask,
  removeExpiredTasks,
} from '../../src/protocol/tasks/task-records.ts';
import { ANONYMOUS } from '../support/hand-made-plan.ts';
import { eachStore } from '../support/store.ts';

const LEASE_MS = 30_000;
const scope = { tenantId: 'default', principal: 'anonymous:anonymous', server: 'shop' };

const NEW: NewTask = {
  scope,
  tool: 'slow',
  ttlMs: 600_000,
  caller: {
    principal: ANONYMOUS,
    clientAddress: '',
    requestId: 'r',
    protocolVersion: '2026-07-28',
    capabilities: {},
  },
  arguments: { n: 1 },
  answers: {},
  isResumable: true,
};

eachStore(({ openStore }) => {
  const open = async () => {
    const store = await openStore();
    const clock = { now: Date.UTC(2026, 10, 20) };
    const now = () => clock.now;
    const member = () => {
      const lease = createTaskLease({ store, now }, LEASE_MS);
      return { lease, records: createTaskRecords({ store, now }, lease.first) };
    };
    return { store, clock, first: member(), second: member() };
  };

  test('a task lives as long as it said, to the millisecond, and is removed after that', async () => {
    const { store, clock, first } = await open();
    const { id } = await first.records.create(NEW);
    clock.now += NEW.ttlMs - 1;
    expect((await first.records.find(scope, id))?.id).toBe(id);
    expect(await removeExpiredTasks(store, clock.now)).toBe(0);
    clock.now += 1;
    expect(await first.records.find(scope, id)).toBeUndefined();
    expect(await first.records.list(scope, { most: 10, skipped: 0 })).toEqual([]);
    expect(await first.records.count(scope)).toBe(0);
    expect(await first.records.cancel(scope, id)).toBeUndefined();
    expect(await removeExpiredTasks(store, clock.now)).toBe(1);
  });

  test('a lease that is renewed is nobody else’s; a lost one goes to one process, and the old one is not heard', async () => {
    const { clock, first, second } = await open();
    const task = await first.records.create(NEW);
    clock.now += LEASE_MS;
    await first.lease.renew();
    clock.now += LEASE_MS;
    expect(await second.lease.claimLost(['shop'])).toEqual([]);
    clock.now += 1;
    expect(await second.lease.claimLost(['elsewhere'])).toEqual([]);
    expect((await second.lease.claimLost(['shop'])).map(({ id }) => id)).toEqual([task.id]);
    expect(await first.lease.claimLost(['shop'])).toEqual([]);
    expect(await first.lease.end(task, { status: 'completed', outcome: { result: {} } })).toBeUndefined();
    const ended = await second.lease.end(task, { status: 'completed', outcome: { result: { content: [] } } });
    expect(ended).toMatchObject({ status: 'completed', outcome: { result: { content: [] } } });
  });

  test('what has ended does not end again, nor is it cancelled', async () => {
    const { first } = await open();
    const task = await first.records.create(NEW);
    expect(await first.records.cancel(scope, task.id)).toMatchObject({ status: 'cancelled' });
    expect(await first.lease.end(task, { status: 'completed', outcome: { result: {} } })).toBeUndefined();
    expect(await first.records.cancel(scope, task.id)).toBeUndefined();
    expect(await first.records.find(scope, task.id)).toMatchObject({ status: 'cancelled' });
  });

  test('of two answers at once one counts, and the other finds out', async () => {
    const { first, second } = await open();
    const question = { method: 'elicitation/create', params: {} } as const;
    const created = await first.records.create(NEW);
    const parked = await first.lease.park(created, { a: question, b: question });
    if (parked === undefined) throw new Error('it was not parked');
    const answers = await Promise.all([
      first.records.answer(parked, { a: { action: 'accept' } }),
      second.records.answer(parked, { a: { action: 'decline' } }),
    ]);
    expect(answers.filter((answered) => answered !== undefined)).toHaveLength(1);
    const found = await first.records.find(scope, created.id);
    expect(Object.keys(found?.requests ?? {})).toEqual(['b']);
    expect(found?.status).toBe('input_required');
  });

  test('P16: a task is found only by its tenant, its caller and its server', async () => {
    const { first } = await open();
    const { id } = await first.records.create(NEW);
    for (const other of [{ tenantId: 'other' }, { principal: 'key:bob' }, { server: 'elsewhere' }]) {
      expect(await first.records.find({ ...scope, ...other }, id)).toBeUndefined();
      expect(await first.records.cancel({ ...scope, ...other }, id)).toBeUndefined();
    }
    expect((await first.records.find(scope, id))?.status).toBe('working');
  });
});
