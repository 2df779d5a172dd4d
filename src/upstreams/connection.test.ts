import { expect, test } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import type { Log } from '../telemetry/log.ts';
import { Connection } from './connection.ts';
import type { LinkEvents } from './rpc/link.ts';
import type { Session } from './session/session.ts';
import { UpstreamError } from './upstream-error.ts';

const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

const caller = 'default key 1';

/** A dialer that opens what the test says, and counts what is open at once. */
function setUp(isShared: boolean) {
  const clock = createFakeClock();
  const open = new Set<Session>();
  const told: LinkEvents[] = [];
  let most = 0;
  let dials = 0;
  let answer: () => Promise<unknown> = async () => undefined;
  const dialer = {
    async open(events: LinkEvents, signal: AbortSignal): Promise<Session> {
      dials += 1;
      const session: Session = {
        era: 'legacy',
        revision: '2025-11-25',
        capabilities: {},
        isShared,
        request: async () => ({}),
        listen: () => undefined,
        async close() {
          await Promise.resolve();
          open.delete(session);
        },
      };
      open.add(session);
      most = Math.max(most, open.size);
      const givenUp = new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new Error('given up'))),
      );
      try {
        await Promise.race([answer(), givenUp]);
      } catch (error) {
        await session.close();
        throw error;
      }
      told.push(events);
      return session;
    },
  };
  const states: string[] = [];
  const connection = new Connection({
    dialer,
    clock,
    log: silent,
    perCaller: false,
    events: {
      connected: async () => undefined,
      stateChanged: () => states.push(connection.state),
      changed: () => undefined,
      resourceUpdated: () => undefined,
      ambiguousQuestion: () => undefined,
    },
  });
  return {
    clock,
    connection,
    open,
    told,
    states,
    most: () => most,
    dials: () => dials,
    answerWith: (next: () => Promise<unknown>) => {
      answer = next;
    },
  };
}

test('a loss is followed by attempts that come ever less often, and by one at once after a long time', async () => {
  const { clock, connection, dials, answerWith, told, most } = setUp(true);
  answerWith(() => Promise.reject(new UpstreamError('unavailable', 'not there')));
  connection.start();
  await clock.pass(0);
  expect(connection.state).toBe('down');
  await clock.pass(10_000);
  const soon = dials();
  expect(soon).toBeGreaterThan(3);
  await clock.pass(3_600_000);
  expect(dials() - soon).toBeLessThan(140);
  answerWith(async () => undefined);
  await clock.pass(60_000);
  expect(connection.state).toBe('up');
  await clock.pass(20_000);
  const before = dials();
  told.at(-1)?.lost(new UpstreamError('ended', 'gone'));
  await clock.pass(0);
  expect([connection.state, dials()]).toEqual(['up', before + 1]);
  expect(most()).toBe(1);
  await connection.close();
});

test('one that flaps is not begun anew at once each time', async () => {
  const { clock, connection, dials, told } = setUp(true);
  connection.start();
  for (let second = 0; second < 600; second++) {
    await clock.pass(1000);
    if (connection.state === 'up') told.at(-1)?.lost(new UpstreamError('ended', 'gone again'));
  }
  expect(dials()).toBeLessThan(40);
  await connection.close();
});

test('an attempt that hangs is given up by a reset, and never has a second one beside it', async () => {
  const { clock, connection, answerWith, most, dials, open } = setUp(true);
  answerWith(() => new Promise(() => undefined));
  connection.start();
  await clock.pass(0);
  const waiting = connection.use(caller, async () => 'used');
  connection.reset(1000);
  await expect(waiting).rejects.toMatchObject({ reason: 'ended' });
  answerWith(async () => undefined);
  await clock.pass(1000);
  expect([connection.state, dials(), most()]).toEqual(['up', 2, 1]);
  await connection.close();
  expect(open.size).toBe(0);
});

test('callers have sessions of their own where sessions are not shared; one that is unknown is made anew', async () => {
  const { clock, connection, open, dials } = setUp(false);
  connection.start();
  await clock.pass(0);
  const sessions = new Set<Session>();
  const use = (name: string) => connection.use(name, async (session) => sessions.add(session));
  await Promise.all([use('a'), use('a'), use('b')]);
  await use('a');
  expect(sessions.size).toBe(2);
  expect(dials()).toBe(3);
  const unknown = new UpstreamError('session', 'unknown');
  await expect(connection.use('a', () => Promise.reject(unknown))).rejects.toBe(unknown);
  await clock.pass(0);
  expect(open.size).toBe(2);
  await use('a');
  expect(sessions.size).toBe(3);
  // The control session was not concerned.
  expect(connection.state).toBe('up');
  await connection.close();
  expect(open.size).toBe(0);
});

test('more callers than sessions take the places of those that are idle, or are told to come again', async () => {
  const { clock, connection, open } = setUp(false);
  connection.start();
  await clock.pass(0);
  for (let index = 0; index < 200; index++) await connection.use(`caller ${index}`, async () => undefined);
  await clock.pass(0);
  expect(open.size).toBeLessThanOrEqual(65);
  const ends: (() => void)[] = [];
  const running = Array.from({ length: 64 }, (_, index) =>
    connection.use(`busy ${index}`, () => new Promise<void>((resolve) => ends.push(resolve))),
  );
  await clock.pass(0);
  await expect(connection.use('one more', async () => undefined)).rejects.toMatchObject({ reason: 'busy' });
  for (const end of ends) end();
  await Promise.all(running);
  await connection.close();
  expect(open.size).toBe(0);
});
