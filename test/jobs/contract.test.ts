// The queue and the scheduler over both stores.
import { afterEach, expect, test, vi } from 'vitest';
import { every, JobFailure, type JobKind, type JobRun } from '../../src/jobs/job.ts';
import { createJobs, type Jobs } from '../../src/jobs/jobs.ts';
import { systemStatement, tenantStatement } from '../../src/store/statement.ts';
import type { Store } from '../../src/store/store.ts';
import { createKeptLog } from '../support/kept-log.ts';
import { eachStore } from '../support/store.ts';

const WAIT = { timeout: 8000, interval: 20 };
const T = 'default';

const addTenant = systemStatement(
  'test.jobs_add_tenant',
  'INSERT INTO tenants (id, name, slug, is_active, created_at, updated_at) VALUES (:id, :id, :id, :is_active, 0, 0)',
);
const switchOn = systemStatement('test.jobs_switch_on', 'UPDATE tenants SET is_active = 1 WHERE id = :id');
const addEffect = tenantStatement(
  'test.jobs_effect',
  'UPDATE tenants SET settings = settings || :mark WHERE id = :tenant',
);
const readEffects = tenantStatement<{ settings: string }>(
  'test.jobs_effects',
  'SELECT settings FROM tenants WHERE id = :tenant',
);

const started: Jobs[] = [];
afterEach(async () => {
  for (const jobs of started.splice(0)) await jobs.stop(0);
});

/** Real timers; `offset` moves what the clock shows. */
function createClock() {
  const clock = {
    offset: 0,
    now: () => Date.now() + clock.offset,
    after(milliseconds: number, run: () => void) {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
  };
  return clock;
}

function start(store: Store, kinds: readonly JobKind[], clock = createClock()): Jobs {
  const jobs = createJobs({ store, clock, log: createKeptLog().log });
  for (const kind of kinds) jobs.register(kind);
  jobs.start();
  started.push(jobs);
  return jobs;
}

/** A kind whose runs wait until the test lets them go. */
function gated(name: string) {
  const runs: JobRun[] = [];
  const gate = Promise.withResolvers<void>();
  const kind: JobKind = {
    name,
    async run(job) {
      runs.push(job);
      await Promise.race([gate.promise, aborted(job.signal)]);
      return undefined;
    },
  };
  return { runs, kind, open: () => gate.resolve() };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}

eachStore(({ openStore, createDatabase }) => {
  test('P66: a job runs, reports progress, and keeps its result', async () => {
    const store = await openStore();
    const gate = Promise.withResolvers<void>();
    const jobs = start(store, [
      {
        name: 'double',
        async run({ payload, progress }) {
          await progress(0.5, { checkpoint: { half: true } });
          await gate.promise;
          return { result: { value: Number(payload.value) * 2 } };
        },
      },
    ]);
    const id = await jobs.queue.add(T, { kind: 'double', payload: { value: 21 } });
    await vi.waitFor(
      async () => expect(await jobs.queue.get(T, id)).toMatchObject({ status: 'running', progress: 0.5 }),
      WAIT,
    );
    gate.resolve();
    await vi.waitFor(async () => expect((await jobs.queue.get(T, id))?.status).toBe('succeeded'), WAIT);
    expect(await jobs.queue.get(T, id)).toMatchObject({
      result: { value: 42 },
      progress: 1,
      attempts: 1,
      error: null,
    });
  });

  test('a job that fails runs again after its pause, and fails for good after its last attempt', async () => {
    const store = await openStore();
    const attempts: number[] = [];
    const jobs = start(store, [
      {
        name: 'stubborn',
        attemptsMax: 3,
        backoffMs: () => 20,
        async run({ attempt }) {
          attempts.push(attempt);
          throw new Error(`attempt ${attempt} failed`);
        },
      },
      { name: 'hopeless', run: () => Promise.reject(new JobFailure('never')) },
    ]);
    const id = await jobs.queue.add(T, { kind: 'stubborn', payload: {} });
    const hopeless = await jobs.queue.add(T, { kind: 'hopeless', payload: {} });
    await vi.waitFor(async () => expect((await jobs.queue.get(T, id))?.status).toBe('failed'), WAIT);
    expect(attempts).toEqual([1, 2, 3]);
    expect(await jobs.queue.get(T, id)).toMatchObject({ error: 'attempt 3 failed', attempts: 3 });
    await vi.waitFor(
      async () =>
        expect(await jobs.queue.get(T, hopeless)).toMatchObject({
          status: 'failed',
          attempts: 1,
          error: 'never',
        }),
      WAIT,
    );
  });

  test('P66: a waiting job is cancelled at once, a running one is told', async () => {
    const store = await openStore();
    const { kind, runs } = gated('long');
    const jobs = start(store, [kind]);
    const later = await jobs.queue.add(T, { kind: 'long', payload: {}, runAt: Date.now() + 3_600_000 });
    expect(await jobs.queue.cancel(T, later)).toBe('waiting');
    expect((await jobs.queue.get(T, later))?.status).toBe('cancelled');
    const running = await jobs.queue.add(T, { kind: 'long', payload: {} });
    await vi.waitFor(() => expect(runs).toHaveLength(1), WAIT);
    expect(await jobs.queue.cancel(T, running)).toBe('running');
    await vi.waitFor(async () => expect((await jobs.queue.get(T, running))?.status).toBe('cancelled'), WAIT);
    expect(await jobs.queue.cancel(T, running)).toBe('cancelled');
    expect(await jobs.queue.cancel(T, 'job_unknown')).toBeUndefined();
    expect(runs).toHaveLength(1);
  });

  test('many workers over one database run each job once', async () => {
    const { open } = await createDatabase();
    const runs = new Map<string, number>();
    const kind: JobKind = {
      name: 'count',
      async run({ id }) {
        runs.set(id, (runs.get(id) ?? 0) + 1);
        return { steps: [{ statement: addEffect, values: { mark: '.' } }] };
      },
    };
    const workers = [start(await open(), [kind]), start(await open(), [kind]), start(await open(), [kind])];
    const [first] = workers;
    const ids = await Promise.all(
      Array.from({ length: 60 }, () => first?.queue.add(T, { kind: 'count', payload: {} })),
    );
    const store = await open();
    await vi.waitFor(async () => {
      const left = await Promise.all(ids.map((id) => first?.queue.get(T, id ?? '')));
      expect(left.filter((job) => job?.status !== 'succeeded')).toHaveLength(0);
    }, WAIT);
    expect([...runs.values()].every((count) => count === 1) && runs.size).toBe(60);
    const [row] = await store.read({ tenant: T }, readEffects, {});
    expect(row?.settings.match(/\./g)).toHaveLength(60);
  });

  test('a job of a process that is gone is run by another, from its checkpoint, and the first can do no more', async () => {
    const { open } = await createDatabase();
    const first = gated('resumed');
    const seen: unknown[] = [];
    const lost = start(await open(), [
      {
        name: 'resumed',
        async run(job) {
          await job.progress(0.3, { checkpoint: { page: 3 } });
          await first.kind.run(job).catch(() => undefined);
          await job.progress(0.9, { steps: [{ statement: addEffect, values: { mark: 'lost' } }] });
          return undefined;
        },
      },
    ]);
    const id = await lost.queue.add(T, { kind: 'resumed', payload: {} });
    await vi.waitFor(() => expect(first.runs).toHaveLength(1), WAIT);
    const clock = createClock();
    // The lease of the first has run out for the second.
    clock.offset = 31_000;
    const other = start(
      await open(),
      [
        {
          name: 'resumed',
          async run({ checkpoint, attempt }) {
            seen.push({ checkpoint, attempt });
            return { steps: [{ statement: addEffect, values: { mark: 'once' } }] };
          },
        },
      ],
      clock,
    );
    await vi.waitFor(async () => expect((await other.queue.get(T, id))?.status).toBe('succeeded'), WAIT);
    first.open();
    await vi.waitFor(() => expect(lost.running()).toBe(0), WAIT);
    expect(seen).toEqual([{ checkpoint: { page: 3 }, attempt: 2 }]);
    const [row] = await (await open()).read({ tenant: T }, readEffects, {});
    expect(row?.settings).toBe('{}once');
    expect(await other.queue.get(T, id)).toMatchObject({ status: 'succeeded', attempts: 2 });
  });

  test('while a job of a kind and key waits or runs, there is no second one', async () => {
    const store = await openStore();
    const { kind, open } = gated('single');
    const jobs = start(store, [kind]);
    const add = () => jobs.queue.add(T, { kind: 'single', payload: {}, uniqueKey: 'k' });
    const ids = await Promise.all(Array.from({ length: 20 }, add));
    expect(new Set(ids).size).toBe(1);
    open();
    await vi.waitFor(
      async () => expect((await jobs.queue.get(T, ids[0] ?? ''))?.status).toBe('succeeded'),
      WAIT,
    );
    expect(await add()).not.toBe(ids[0]);
  });

  test('a job added within a write exists if and only if the write does', async () => {
    const store = await openStore();
    const jobs = start(store, []);
    const made = jobs.queue.steps({ kind: 'none', payload: {} });
    const failing = { statement: addEffect, values: { mark: 'x' }, expect: 2 };
    await expect(store.write({ tenant: T }, [...made.steps, failing])).rejects.toThrow();
    expect(await jobs.queue.get(T, made.id)).toBeUndefined();
    await store.write({ tenant: T }, made.steps);
    expect(await jobs.queue.get(T, made.id)).toMatchObject({ status: 'waiting' });
  });

  test('stopping gives a running job back, and it counts as never begun', async () => {
    const { open } = await createDatabase();
    const { kind, runs } = gated('drained');
    const jobs = start(await open(), [kind]);
    const id = await jobs.queue.add(T, { kind: 'drained', payload: {} });
    await vi.waitFor(() => expect(runs).toHaveLength(1), WAIT);
    await jobs.stop(0);
    expect(await jobs.queue.get(T, id)).toMatchObject({ status: 'waiting', attempts: 0 });
  });

  test('P16: jobs of a tenant that is switched off wait, and no other tenant sees them', async () => {
    const store = await openStore();
    await store.write('system', [{ statement: addTenant, values: { id: 'b', is_active: 0 } }]);
    const jobs = start(store, [{ name: 'quick', run: () => Promise.resolve(undefined) }]);
    const paused = await jobs.queue.add('b', { kind: 'quick', payload: {} });
    const own = await jobs.queue.add(T, { kind: 'quick', payload: {} });
    await vi.waitFor(async () => expect((await jobs.queue.get(T, own))?.status).toBe('succeeded'), WAIT);
    expect((await jobs.queue.get('b', paused))?.status).toBe('waiting');
    expect(await jobs.queue.get(T, paused)).toBeUndefined();
    expect(await jobs.queue.cancel(T, paused)).toBeUndefined();
    expect((await jobs.queue.list(T, {})).map(({ id }) => id)).not.toContain(paused);
    await store.write('system', [{ statement: switchOn, values: { id: 'b' } }]);
    await vi.waitFor(async () => expect((await jobs.queue.get('b', paused))?.status).toBe('succeeded'), WAIT);
  });

  test('lists newest first, by state and kind, page by page', async () => {
    const store = await openStore();
    const jobs = start(store, []);
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      ids.unshift(await jobs.queue.add(T, { kind: index % 2 === 0 ? 'even' : 'odd', payload: {} }));
      await vi.waitFor(() =>
        expect(Date.now()).toBeGreaterThan(Number.parseInt(ids[0]?.slice(4, 16) ?? '', 16)),
      );
    }
    expect((await jobs.queue.list(T, { limit: 3 })).map(({ id }) => id)).toEqual(ids.slice(0, 3));
    expect((await jobs.queue.list(T, { limit: 3, before: ids[2] ?? '' })).map(({ id }) => id)).toEqual(
      ids.slice(3),
    );
    expect(await jobs.queue.list(T, { kind: 'odd' })).toHaveLength(2);
    await jobs.queue.cancel(T, ids[0] ?? '');
    expect((await jobs.queue.list(T, { status: 'cancelled' })).map(({ id }) => id)).toEqual(ids.slice(0, 1));
  });

  test('a schedule of three processes runs once each time', async () => {
    const { open } = await createDatabase();
    const all: Jobs[] = [];
    for (let index = 0; index < 3; index += 1) {
      const jobs = createJobs({ store: await open(), clock: createClock(), log: createKeptLog().log });
      jobs.register({ name: 'tick', run: () => Promise.resolve(undefined) });
      jobs.schedule({ name: 'ticks', kind: 'tick', next: every(400) });
      jobs.start();
      started.push(jobs);
      all.push(jobs);
    }
    const ticks = async () => (await all[0]?.queue.list(T, { kind: 'tick' })) ?? [];
    await vi.waitFor(async () => expect((await ticks()).length).toBeGreaterThanOrEqual(4), WAIT);
    const periods = (await ticks()).map(({ createdAt }) => Math.floor(createdAt / 400));
    expect(new Set(periods).size).toBe(periods.length);
  });
});
