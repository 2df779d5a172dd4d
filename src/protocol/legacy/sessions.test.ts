import { afterEach, expect, test } from 'vitest';
import { ANONYMOUS, keyPrincipal } from '../../../test/support/hand-made-plan.ts';
import type { Principal } from '../../tool.ts';
import { createMemoryEventStore } from './event-store.ts';
import { LegacySession } from './session.ts';
import { createSessions, type Sessions } from './sessions.ts';

let now = 0;
const ended: number[] = [];
let sessions: Sessions = open();

function open(): Sessions {
  return createSessions({
    events: createMemoryEventStore(),
    now: () => now,
    onEnd: (seconds) => ended.push(seconds),
  });
}

afterEach(() => {
  sessions.close();
  sessions = open();
  ended.length = 0;
});

const make =
  (principal: Principal = ANONYMOUS) =>
  (id: string) =>
    new LegacySession({
      id,
      slug: 'a',
      version: '1.0.0',
      principal,
      protocolVersion: '2025-11-25',
      capabilities: {},
      hub: undefined,
    });

test('a session is found by its principal on its server only', () => {
  const { id } = sessions.create(make(keyPrincipal('k')), 1000, '127.0.0.1');
  expect(sessions.find(id, 'a', keyPrincipal('k'))?.id).toBe(id);
  expect(sessions.find(id, 'b', keyPrincipal('k'))).toBeUndefined();
  expect(sessions.find(id, 'a', keyPrincipal('l'))).toBeUndefined();
  expect(sessions.find(id, 'a', { ...keyPrincipal('k'), tenantId: 'other' })).toBeUndefined();
  expect(sessions.find('x', 'a', keyPrincipal('k'))).toBeUndefined();
});

test('an idle session ends at its time, and tells its age', () => {
  const { id, core } = sessions.create(make(), 1000, '127.0.0.1');
  now += 900;
  expect(sessions.find(id, 'a', ANONYMOUS)).toBeDefined();
  now += 1001;
  expect(sessions.find(id, 'a', ANONYMOUS)).toBeUndefined();
  expect(core.isClosed).toBe(true);
  expect(ended).toEqual([1.901]);
});

test('a session with a running request does not end', () => {
  const { id, core } = sessions.create(make(), 1000, '127.0.0.1');
  core.begin(1);
  now += 5000;
  expect(sessions.find(id, 'a', ANONYMOUS)).toBeDefined();
  core.finished(1);
  now += 5000;
  expect(sessions.find(id, 'a', ANONYMOUS)).toBeUndefined();
});

test('one principal can push out only its own sessions', () => {
  const other = sessions.create(make(keyPrincipal('other')), 1000, '127.0.0.1');
  const first = sessions.create(make(keyPrincipal('greedy')), 1000, '127.0.0.1');
  for (let count = 1; count <= 1000; count++)
    sessions.create(make(keyPrincipal('greedy')), 1000, '127.0.0.1');
  expect(first.core.isClosed).toBe(true);
  expect(other.core.isClosed).toBe(false);
  expect(sessions.count()).toBe(1001);
});

test('the table is bounded', () => {
  for (let count = 0; count < 10_000; count++)
    sessions.create(make(keyPrincipal(`k${count}`)), 1000, '127.0.0.1');
  expect(() => sessions.create(make(keyPrincipal('one more')), 1000, '127.0.0.1')).toThrow(
    'Too many sessions',
  );
  now += 2000;
  expect(sessions.create(make(keyPrincipal('one more')), 1000, '127.0.0.1')).toBeDefined();
  expect(sessions.count()).toBe(1);
});

test('sessions of a revoked key end, and what they asked is rejected', async () => {
  const { core } = sessions.create(make(keyPrincipal('k')), 1000, '127.0.0.1');
  const asked = core.ask({ method: 'roots/list' }, () => undefined);
  const running = core.begin(1);
  sessions.end(
    ({ principal, slug, clientAddress }) =>
      principal.id === 'k' && slug === 'a' && clientAddress === '127.0.0.1',
  );
  await expect(asked).rejects.toThrow('The session ended');
  expect(running.isCancelled).toBe(true);
  expect(sessions.count()).toBe(0);
});

test('unanswered questions are bounded, and a refusal of the client is an error', async () => {
  const { core } = sessions.create(make(), 1000, '127.0.0.1');
  const sent: string[] = [];
  const asked = Array.from({ length: 100 }, () =>
    core.ask({ method: 'roots/list' }, (message) => sent.push(message)),
  );
  await expect(core.ask({ method: 'roots/list' }, () => undefined)).rejects.toThrow('Too many unanswered');
  const { id } = JSON.parse(sent[0] ?? '');
  core.answer({ kind: 'response', id, error: { code: -1, message: 'user said no' } });
  await expect(asked[0]).rejects.toThrow('user said no');
  const others = Promise.allSettled(asked.slice(1));
  core.close();
  await others;
});
