import { expect, test } from 'vitest';
import { testDefinition } from '../../test/support/definition.ts';
import { createPlanHolder } from './holder.ts';
import { createReloader } from './reload.ts';
import type { Plan, ServerPlan } from './server-plan.ts';

function fakePlan(version: string, closed: string[]): Plan {
  const server: ServerPlan = {
    slug: 'test',
    definition: testDefinition({ version }),
    version,
    requestStages: [],
    tools: new Map(),
    prompts: new Map(),
    resources: new Map(),
    resourceTemplates: [],
    lists: new Map(),
    visibleTo: () => ({ tools: [], prompts: [], resources: [], resourceTemplates: [] }),
    close: async () => {
      closed.push(version);
    },
  };
  return { servers: new Map([['test', server]]), defaultServer: server };
}

function noRebuild(): never {
  throw new Error('nothing asks for this');
}

function failOnCloseError(error: unknown): never {
  throw error;
}

test('P09: a replaced plan closes when its last call has ended, not before', () => {
  const closed: string[] = [];
  const first = fakePlan('1', closed);
  const holder = createPlanHolder(first, failOnCloseError);
  const release = holder.acquire(first);
  holder.swap(fakePlan('2', closed));
  expect(holder.current().defaultServer.version).toBe('2');
  expect(closed).toEqual([]);
  release();
  release();
  expect(closed).toEqual(['1']);
});

test('P09: listeners hear which lists changed', () => {
  const holder = createPlanHolder(fakePlan('1', []), failOnCloseError);
  const heard: unknown[] = [];
  const stop = holder.onSwap((change) => heard.push(change));
  holder.swap(fakePlan('1', []));
  expect(heard).toEqual([]);
  holder.swap({ ...fakePlan('2', []), servers: new Map() });
  expect(heard).toEqual([{ slug: 'test', tools: true, prompts: true, resources: true, removed: true }]);
  stop();
});

test('P09: an invalid set changes nothing and is remembered until the next good one', async () => {
  const holder = createPlanHolder(fakePlan('1', []), failOnCloseError);
  const builds = [
    async () => Promise.reject(new Error('bad file')),
    async () => ({ plan: fakePlan('2', []), files: [] }),
  ];
  const outcomes: unknown[] = [];
  const reloader = createReloader({
    holder,
    rebuild: noRebuild,
    build: () => builds.shift()?.() ?? Promise.reject(new Error('no build left')),
    finished: ({ error }) => outcomes.push(error),
  });
  await reloader.reload();
  expect(holder.current().defaultServer.version).toBe('1');
  expect(reloader.lastError()).toMatchObject({ message: 'bad file' });
  await reloader.reload();
  expect(holder.current().defaultServer.version).toBe('2');
  expect(reloader.lastError()).toBeUndefined();
  expect(outcomes).toHaveLength(2);
});

test('P09: requests during a reload share one that follows it', async () => {
  const holder = createPlanHolder(fakePlan('0', []), failOnCloseError);
  let builds = 0;
  const reloader = createReloader({
    holder,
    rebuild: noRebuild,
    build: async () => ({ plan: fakePlan(String(++builds), []), files: [] }),
    finished: () => undefined,
  });
  await Promise.all([reloader.reload(), reloader.reload(), reloader.reload(), reloader.reload()]);
  expect(builds).toBe(2);
});

test('P09: a rebuild takes what was loaded last, shares its turn with reloads, and is no failure of theirs', async () => {
  const holder = createPlanHolder(fakePlan('1', []), failOnCloseError);
  const calls: string[] = [];
  const reloader = createReloader({
    holder,
    build: async () => {
      calls.push('build');
      throw new Error('bad file');
    },
    rebuild: async () => {
      calls.push('rebuild');
      return { plan: fakePlan(`rebuilt ${calls.length}`, []), files: [] };
    },
    finished: ({ kind, error }) => calls.push(`${kind} ${error === undefined ? 'succeeded' : 'failed'}`),
  });
  // The second and third come while the first runs: one attempt follows, and it reads anew.
  await Promise.all([reloader.rebuild(), reloader.rebuild(), reloader.reload()]);
  expect(calls).toEqual(['rebuild', 'rebuild succeeded', 'build', 'reload failed']);
  expect(await reloader.rebuild()).toEqual({ error: undefined });
  expect(holder.current().defaultServer.version).toBe('rebuilt 5');
  expect(reloader.lastError()).toEqual(new Error('bad file'));
});
