import { expect, test } from 'vitest';
import { createInboxes } from './inbox.ts';

/** A loop whose turns are taken by hand, and a clock that only work moves. */
function createLoop() {
  let time = 0;
  let due: (() => void)[] = [];
  return {
    work: (ms: number) => {
      time += ms;
    },
    inboxes: createInboxes(
      () => time,
      (callback) => due.push(callback),
    ),
    turn(): void {
      const now = due;
      due = [];
      for (const callback of now) callback();
    },
    get isIdle() {
      return due.length === 0;
    },
  };
}

test('a few messages are taken at once, a flood a slice a turn, all in their order', () => {
  const loop = createLoop();
  const taken: number[] = [];
  const inbox = loop.inboxes<number>((message) => {
    taken.push(message);
    loop.work(0.25);
  });
  inbox.put(0);
  expect(taken).toEqual([0]);
  for (let message = 1; message < 20; message++) inbox.put(message);
  expect(taken).toHaveLength(4);
  loop.turn();
  expect(taken).toHaveLength(8);
  for (let turns = 0; turns < 3; turns++) loop.turn();
  expect(taken).toEqual(Array.from({ length: 20 }, (_, message) => message));
  expect(inbox.isEmpty).toBe(true);
  loop.turn();
  expect(loop.isIdle).toBe(true);
});

test('one worker does not wait for the flood of another', () => {
  const loop = createLoop();
  const taken: string[] = [];
  const take = (message: string): void => {
    taken.push(message);
    loop.work(2);
  };
  const [flooding, quiet] = [loop.inboxes(take), loop.inboxes(take)];
  for (let line = 0; line < 100; line++) flooding.put('flood');
  quiet.put('result');
  for (let turns = 0; turns < 2; turns++) loop.turn();
  expect(taken).toEqual(['flood', 'flood', 'result']);
});

test('what is cleared is not taken, and what comes then is', () => {
  const loop = createLoop();
  const taken: number[] = [];
  const inbox = loop.inboxes<number>((message) => {
    taken.push(message);
    loop.work(1);
  });
  for (const message of [1, 2, 3]) inbox.put(message);
  expect(inbox.clear()).toEqual([2, 3]);
  loop.turn();
  inbox.put(4);
  expect(taken).toEqual([1, 4]);
});

test('one that is cleared by what it takes goes on', () => {
  const loop = createLoop();
  const taken: number[] = [];
  const inbox = loop.inboxes<number>((message) => {
    taken.push(message);
    loop.work(1);
    if (message === 2) inbox.clear();
  });
  for (const message of [1, 2, 3]) inbox.put(message);
  loop.turn();
  expect(taken).toEqual([1, 2]);
  loop.turn();
  inbox.put(4);
  loop.turn();
  expect(taken).toEqual([1, 2, 4]);
});
