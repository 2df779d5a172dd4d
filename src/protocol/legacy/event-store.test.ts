import { expect, test } from 'vitest';
import { createMemoryEventStore } from './event-store.ts';

test('a stream is replayed after the given event, in order, without the others', async () => {
  const store = createMemoryEventStore();
  const mark = store.mark('s', 'a');
  const first = store.append('s', 'a', 'one');
  store.append('s', 'b', 'other');
  const second = store.append('s', 'a', 'two');
  expect(await store.replay('s', mark)).toEqual({
    streamId: 'a',
    events: [
      { id: first, message: 'one' },
      { id: second, message: 'two' },
    ],
  });
  expect(await store.replay('s', second)).toEqual({ streamId: 'a', events: [] });
  expect(new Set([mark, first, second]).size).toBe(3);
});

test('ids of other sessions, future ids and nonsense are unknown', async () => {
  const store = createMemoryEventStore();
  const id = store.append('s', 'a', 'one');
  for (const [session, event] of [
    ['t', id],
    ['s', 'a-zzz'],
    ['s', 'nonsense'],
    ['s', '-1'],
    ['s', ''],
  ] as const) {
    expect(await store.replay(session, event)).toBeUndefined();
  }
  store.forget('s');
  expect(await store.replay('s', id)).toBeUndefined();
});

test('the oldest events go first; who missed one of them starts anew', async () => {
  const store = createMemoryEventStore({ eventsPerSession: 3, bytesPerSession: 1000, bytesTotal: 1000 });
  const ids = ['1', '2', '3', '4', '5'].map((message) => store.append('s', 'a', message));
  expect(await store.replay('s', ids[0] ?? '')).toBeUndefined();
  expect((await store.replay('s', ids[1] ?? ''))?.events.map(({ message }) => message)).toEqual([
    '3',
    '4',
    '5',
  ]);
});

test('bytes are bounded per session and in all', async () => {
  const store = createMemoryEventStore({ eventsPerSession: 100, bytesPerSession: 10, bytesTotal: 15 });
  const big = store.append('a', 's', 'x'.repeat(11));
  expect((await store.replay('a', big))?.events).toEqual([]);
  const first = store.mark('a', 's');
  store.append('a', 's', 'x'.repeat(8));
  store.append('b', 's', 'y'.repeat(8));
  expect(await store.replay('a', first)).toBeUndefined();
});
