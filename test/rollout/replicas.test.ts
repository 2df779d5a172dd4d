// Several replicas over one store: all count, one judges, everybody follows.

import { expect, test } from 'vitest';
import type { Rollout } from '../../src/definition/schema/rollout.ts';
import { createAnalyser } from '../../src/rollout/analyser.ts';
import { createRolloutCommands } from '../../src/rollout/rollout-commands.ts';
import { openRolloutDirectory } from '../../src/rollout/rollout-directory.ts';
import type { RolloutState } from '../../src/rollout/rollout-state.ts';
import { createSamples } from '../../src/rollout/samples.ts';
import type { Store } from '../../src/store/store.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { ROLLOUT } from '../support/rollout.ts';
import { eachStore } from '../support/store.ts';

const INTERVAL_MS = 60_000;
const IMPATIENT: Rollout = { ...ROLLOUT, analysis: { ...ROLLOUT.analysis, threshold: 3 } };
const OPERATOR = { id: 'test', tenantId: 'default' };

/** One process of several, moved on by hand: `look` is what it does every second. */
async function createReplica(store: Store, clock: FakeClock) {
  const directory = await openRolloutDirectory(store);
  const samples = createSamples({ store, now: clock.now });
  const verdicts: string[] = [];
  const hooks = { beforeSamples: () => Promise.resolve() };
  const analyser = createAnalyser({
    store: {
      async read(scope, statement, values) {
        await hooks.beforeSamples();
        return store.read(scope, statement, values);
      },
    },
    directory,
    now: clock.now,
    rolloutOf: (slug) => (slug === 'shop' ? IMPATIENT : undefined),
    judged: (_slug, before, after) => {
      if (before.status !== after.status || before.stage !== after.stage)
        verdicts.push(`${before.status} ${before.weight} -> ${after.status} ${after.weight}`);
    },
  });
  const state = (): RolloutState | undefined => directory.find('shop', IMPATIENT)?.state;
  const commands = createRolloutCommands({
    directory,
    declared: () => [{ slug: 'shop', rollout: IMPATIENT, stable: { tools: [] }, canary: { tools: [] } }],
    now: clock.now,
  });
  const count = samples.samplerFor('shop', IMPATIENT, () => state()?.status === 'running');
  return {
    directory,
    hooks,
    samples,
    verdicts,
    commands,
    state,
    count,
    analyse: () => analyser.analyse('shop'),
    async look() {
      await samples.flush();
      if (analyser.isDue('shop')) await analyser.analyse('shop');
    },
  };
}

eachStore(({ createDatabase }) => {
  async function createCluster(size: number) {
    const database = await createDatabase();
    const clock = createFakeClock(Date.UTC(2026, 0, 1));
    const replicas: Awaited<ReturnType<typeof createReplica>>[] = [];
    for (let index = 0; index < size; index++)
      replicas.push(await createReplica(await database.open(), clock));
    const [first] = replicas;
    if (first === undefined) throw new RangeError('a cluster needs a replica');
    const settle = () => Promise.all(replicas.map(({ directory }) => directory.refresh()));
    return {
      clock,
      replicas,
      first,
      settle,
      /** Lets seconds pass; in each, every replica sees `calls` of the canary and does what it does every second. */
      async pass(seconds: number, calls: readonly { readonly ms: number; readonly failed: boolean }[]) {
        for (let second = 0; second < seconds; second++) {
          for (const { count } of replicas) for (const { ms, failed } of calls) count(ms, failed);
          await clock.pass(1000);
          await Promise.all(replicas.map(({ look }) => look()));
          if (first.state()?.status !== 'running') break;
        }
        await settle();
      },
    };
  }
  const OK = { ms: 20, failed: false };

  test('P27 G12: injected errors put the weight to 0 everywhere within threshold × interval + 5 s', async () => {
    const { clock, replicas, first, pass, settle } = await createCluster(3);
    await first.commands.start(OPERATOR, 'shop', { allowBreaking: false });
    await settle();
    await pass(90, [OK]);
    expect(replicas.map(({ state }) => state()?.weight)).toEqual([5, 5, 5]);
    const brokenAt = clock.now();
    await pass(600, [OK, { ms: 20, failed: true }]);
    expect(replicas.map(({ state }) => [state()?.status, state()?.weight])).toEqual(
      Array(3).fill(['aborted', 0]),
    );
    expect(clock.now() - brokenAt).toBeLessThanOrEqual(IMPATIENT.analysis.threshold * INTERVAL_MS + 5000);
    expect(replicas.flatMap(({ verdicts }) => verdicts)).toEqual(['running 5 -> aborted 0']);
    expect(first.state()?.reason).toMatch(/^only 50 % of \d+ calls succeeded/);
  }, 60_000);

  test('P27: what each replica sees alone would say too little; together it does', async () => {
    const { replicas, first, pass, settle, clock } = await createCluster(3);
    await first.commands.start(OPERATOR, 'shop', { allowBreaking: false });
    await settle();
    for (let minute = 0; minute < 3; minute++) {
      // Seven slow calls of each: 21 in all, one more than the least.
      for (const { count } of replicas) for (let call = 0; call < 7; call++) count(900, false);
      await Promise.all(replicas.map(({ samples }) => samples.flush()));
      await clock.pass(INTERVAL_MS - 1000);
      await pass(4, []);
    }
    expect(first.state()).toMatchObject({
      status: 'aborted',
      reason: '100 % of 21 calls took longer than 500 ms',
    });
  }, 60_000);

  test('P27: of several that judge at once one does, and stages follow each other to the end', async () => {
    const { replicas, first, pass, settle, clock } = await createCluster(3);
    await first.commands.start(OPERATOR, 'shop', { allowBreaking: false });
    await settle();
    for (let minute = 0; minute < 46; minute++) {
      for (const { count } of replicas) for (let call = 0; call < 10; call++) count(20, false);
      await clock.pass(INTERVAL_MS - 1000);
      await pass(2, []);
      await Promise.all(replicas.map(({ analyse }) => analyse()));
      await settle();
      if (first.state()?.status === 'promoted') break;
    }
    expect(replicas.map(({ state }) => state()?.weight)).toEqual([100, 100, 100]);
    expect(replicas.flatMap(({ verdicts }) => verdicts)).toHaveLength(3);
    expect(replicas.flatMap(({ verdicts }) => verdicts).sort()).toEqual([
      'running 25 -> running 50',
      'running 5 -> running 25',
      'running 50 -> promoted 100',
    ]);
  }, 60_000);

  test('P27: a judge that is overtaken while it reads changes nothing of the other’s verdict', async () => {
    const { clock, replicas, first, settle } = await createCluster(2);
    const other = replicas[1] ?? first;
    await first.commands.start(OPERATOR, 'shop', { allowBreaking: false });
    await settle();
    for (let call = 0; call < 50; call++) first.count(20, true);
    await first.samples.flush();
    await clock.pass(INTERVAL_MS + 2000);
    // The other judges, removes what it judged, and this one hears of it: all before it reads what is left.
    first.hooks.beforeSamples = async () => {
      await other.analyse();
      await first.directory.refresh();
    };
    await first.analyse();
    await settle();
    expect(replicas.map(({ state }) => state()?.failed)).toEqual([1, 1]);
  });

  test('P27: a manual abort reaches every replica, and nothing is counted any more', async () => {
    const { replicas, first, settle } = await createCluster(2);
    await first.commands.start(OPERATOR, 'shop', { allowBreaking: false });
    await settle();
    const other = replicas[1] ?? first;
    expect(other.state()?.weight).toBe(5);
    await other.commands.abort(OPERATOR, 'shop', { reason: 'enough' });
    await expect.poll(() => first.state(), { timeout: 5000 }).toMatchObject({ weight: 0, reason: 'enough' });
    first.count(20, true);
    await first.samples.flush();
    await first.commands.start(OPERATOR, 'shop', { allowBreaking: false });
    expect(first.state()).toMatchObject({ status: 'running', weight: 5, failed: 0 });
  });

  test('P27: a person’s word holds against analyses that come between', async () => {
    const { clock, replicas, first, settle } = await createCluster(2);
    await first.commands.start(OPERATOR, 'shop', { allowBreaking: false });
    await settle();
    for (let round = 0; round < 5; round++) {
      await clock.pass(2 * INTERVAL_MS);
      const [, paused] = await Promise.all([replicas[1]?.analyse(), first.commands.pause(OPERATOR, 'shop')]);
      expect(paused.status).toBe('paused');
      await first.commands.start(OPERATOR, 'shop', { allowBreaking: false });
      await settle();
    }
  });

  test('of two people who decide at once one is told', async () => {
    const { replicas, first, settle } = await createCluster(2);
    await first.commands.start(OPERATOR, 'shop', { allowBreaking: false });
    await settle();
    const outcomes = await Promise.allSettled(
      replicas.map(({ commands }) => commands.pause(OPERATOR, 'shop')),
    );
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});
