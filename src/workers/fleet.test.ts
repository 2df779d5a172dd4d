import { beforeEach, expect, test } from 'vitest';
import { createFakeClock, type FakeClock } from '../../test/support/fake-clock.ts';
import { createKeptLog, type KeptLog } from '../../test/support/kept-log.ts';
import { createFleet, type Fleet, type WorkerProcess } from './fleet.ts';
import type { MessageChannel } from './message-channel.ts';
import type { WorkerStart } from './messages.ts';

/** A process that does what the test says. */
interface Fake {
  readonly start: WorkerStart;
  readonly told: string[];
  serve(): void;
  end(code: number | null, signal?: string): void;
}

let clock: FakeClock;
let kept: KeptLog;
let launched: Fake[];
let fleet: Fleet;

beforeEach(() => {
  clock = createFakeClock();
  kept = createKeptLog();
  launched = [];
  fleet = createFleet({
    wanted: 2,
    directory: '/nowhere',
    writesToJournal: false,
    clock,
    log: kept.log,
    launch,
    onChange: () => undefined,
    endWithinMs: 1000,
  });
});

function launch(start: WorkerStart): WorkerProcess {
  const handlers = new Map<string, (body: unknown) => unknown>();
  const told: string[] = [];
  let exited: (code: number | null, signal: string | null) => void = () => undefined;
  const channel: MessageChannel = {
    ask: () => Promise.reject(new Error('unused')),
    tell: (topic, body) => {
      if (topic === 'signal') told.push(String(body));
    },
    handle: (topic, handler) => handlers.set(topic, handler),
  };
  const end = (code: number | null, signal?: string) => exited(code, signal ?? null);
  launched.push({ start, told, end, serve: () => handlers.get('ready')?.(4242) });
  return {
    pid: 1000 + launched.length,
    channel,
    handConnection: () => undefined,
    kill: (signal) => end(null, signal),
    onExit: (listener) => {
      exited = listener;
    },
  };
}

const fake = (index: number): Fake => {
  const found = launched[index];
  if (found === undefined) throw new Error(`process ${index} was not started`);
  return found;
};

async function startBoth(): Promise<void> {
  const started = fleet.start();
  fake(0).serve();
  await clock.pass(0);
  fake(1).serve();
  expect(await started).toEqual({ port: 4242 });
}

test('the first worker starts alone; where it cannot, nobody else is started', async () => {
  const started = fleet.start();
  await clock.pass(0);
  expect(launched).toHaveLength(1);
  fake(0).end(78);
  expect(await started).toEqual({ exitCode: 78 });
  expect(launched).toHaveLength(1);
});

test('P65: a worker that dies is replaced at once, one that keeps dying after pauses that grow to 10 s', async () => {
  await startBoth();
  const pauses: number[] = [];
  for (let death = 0; death < 10; death++) {
    const before = launched.length;
    fake(before - 1).end(1);
    let waited = 0;
    await clock.pass(0);
    while (launched.length === before) {
      await clock.pass(100);
      waited += 100;
    }
    pauses.push(waited);
  }
  expect(pauses).toEqual([0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
  expect(new Set(launched.slice(1).map(({ start }) => start.slot))).toEqual(new Set([2]));
  expect(new Set(launched.map(({ start }) => start.name)).size).toBe(launched.length);
  const ends = kept.lines.filter(({ message }) => message === 'A worker ended; another takes its place.');
  expect(ends).toHaveLength(10);
  expect(ends[0]).toMatchObject({ worker: 2, code: 1 });
});

test('P65: one that has served for 30 s is no failed start', async () => {
  await startBoth();
  for (let death = 0; death < 3; death++) {
    await clock.pass(30_000);
    const before = launched.length;
    fake(before - 1).end(null, 'SIGKILL');
    await clock.pass(0);
    expect(launched).toHaveLength(before + 1);
    fake(before).serve();
  }
});

test('P65: each worker is replaced by one that serves already', async () => {
  await startBoth();
  const restarted = fleet.restart();
  await clock.pass(0);
  expect(launched).toHaveLength(3);
  expect(fake(0).told).toEqual([]);
  fake(2).serve();
  await clock.pass(0);
  expect(fake(0).told).toEqual(['SIGTERM']);
  expect(fleet.state().leaving).toHaveLength(1);
  expect(launched).toHaveLength(3);
  fake(0).end(0);
  await clock.pass(0);
  fake(3).serve();
  await clock.pass(0);
  // Longer than a drain may take: it is ended by force, and the round goes on.
  await clock.pass(1000);
  await restarted;
  expect(fleet.state().ready.map(({ slot }) => slot)).toEqual([1, 2]);
  expect(launched).toHaveLength(4);
});

test('P65: a new worker that does not start ends the round, and the old ones stay', async () => {
  await startBoth();
  const restarted = fleet.restart();
  await clock.pass(0);
  fake(2).end(78);
  await restarted;
  expect(fake(0).told).toEqual([]);
  expect(fleet.state().ready).toHaveLength(2);
  expect(kept.lines).toContainEqual(
    expect.objectContaining({ message: 'A new worker did not start; the ones before it serve on.' }),
  );
});

test('P65: at the end nobody is replaced, and what hangs is killed', async () => {
  await startBoth();
  const stopped = fleet.stop();
  fake(0).end(0);
  await clock.pass(999);
  expect(launched).toHaveLength(2);
  await clock.pass(1);
  await stopped;
  expect(launched).toHaveLength(2);
});

test('a start that hangs is ended, and tried again', async () => {
  const started = fleet.start();
  fake(0).serve();
  await clock.pass(0);
  await clock.pass(60_000);
  await started;
  await clock.pass(0);
  expect(launched).toHaveLength(3);
  expect(fake(2).start.slot).toBe(2);
});
