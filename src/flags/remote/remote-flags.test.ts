import { expect, test } from 'vitest';
import type { FlagSubject } from '../flag.ts';
import { FlagSourceError } from './ofrep.ts';
import { createRemoteFlags } from './remote-flags.ts';

const ADA: FlagSubject = { tenantId: 't1', userId: 'ada' };
const EVE: FlagSubject = { tenantId: 't1', userId: 'eve' };

function createService() {
  const asked: (string | undefined)[] = [];
  const lines: string[] = [];
  const state = { now: 0, values: new Map<string, boolean>(), error: undefined as Error | undefined };
  const remote = createRemoteFlags({
    async evaluate({ userId }) {
      asked.push(userId);
      if (state.error !== undefined) throw state.error;
      return new Map(state.values);
    },
    monotonic: () => state.now,
    log: { warn: (_, message) => lines.push(message), info: (_, message) => lines.push(message) },
  });
  return { asked, lines, state, remote };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('nobody waits: the first look knows nothing, the next knows what the service said', async () => {
  const { asked, state, remote } = createService();
  state.values.set('beta', true);
  expect(remote.value('beta', ADA)).toBe(undefined);
  // One request per subject, however often it is looked at meanwhile.
  remote.value('beta', ADA);
  await settled();
  expect([remote.value('beta', ADA), remote.value('other', ADA), remote.value('beta', EVE)]).toEqual([
    true,
    undefined,
    undefined,
  ]);
  expect(asked).toEqual(['ada', 'eve']);
});

test('a change there is seen well within 5 s', async () => {
  const { state, remote } = createService();
  state.values.set('beta', false);
  remote.value('beta', ADA);
  await settled();
  state.values.set('beta', true);
  state.now += 2000;
  expect(remote.value('beta', ADA)).toBe(false);
  await settled();
  expect(remote.value('beta', ADA)).toBe(true);
});

test('a service that fails is said once, forgotten, left alone for a while, and asked again', async () => {
  const { asked, lines, state, remote } = createService();
  state.values.set('beta', true);
  remote.value('beta', ADA);
  await settled();
  state.error = new Error('connection refused');
  state.now += 2000;
  remote.value('beta', ADA);
  await settled();
  expect([remote.value('beta', ADA), remote.problem(), asked.length]).toEqual([
    undefined,
    'connection refused',
    2,
  ]);
  state.now += 4999;
  remote.value('beta', ADA);
  expect(asked.length).toBe(2);
  state.now += 1;
  remote.value('beta', ADA);
  await settled();
  expect([asked.length, lines.length]).toEqual([3, 1]);
  state.error = undefined;
  state.now += 5000;
  remote.value('beta', ADA);
  await settled();
  expect([remote.value('beta', ADA), remote.problem()]).toEqual([true, undefined]);
  expect(lines).toEqual([
    "The flag service cannot be asked; the product's own flags and defaults hold.",
    'The flag service answers again; its values hold.',
  ]);
});

test('a service that says when to come back is left alone until then', async () => {
  const { asked, state, remote } = createService();
  state.error = new FlagSourceError('The flag service answered 429.', 60_000);
  remote.value('beta', ADA);
  await settled();
  state.now += 59_999;
  remote.value('beta', ADA);
  expect(asked.length).toBe(1);
  state.now += 1;
  remote.value('beta', ADA);
  expect(asked.length).toBe(2);
});
