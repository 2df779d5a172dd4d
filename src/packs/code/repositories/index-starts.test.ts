// Turns of indexing: at most ten a minute and two at once, in the order of those who ask.
import { expect, test } from 'vitest';
import { createFakeClock } from '../../../../test/support/fake-clock.ts';
import { createIndexStarts } from './index-starts.ts';

const { signal } = new AbortController();
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('P41: ten turns are given in a minute, the next ones when the first are a minute old, in order', async () => {
  const clock = createFakeClock();
  const starts = createIndexStarts(clock);
  const given: number[] = [];
  const ask = async (name: number) => {
    const end = await starts.turn(signal);
    given.push(name);
    end();
  };
  for (let name = 0; name < 5; name++) await ask(name);
  await clock.pass(30_000);
  for (let name = 5; name < 10; name++) await ask(name);
  const late = Array.from({ length: 12 }, (_, at) => ask(10 + at));
  await clock.pass(29_999);
  expect([given.length, starts.waiting]).toEqual([10, 12]);
  await clock.pass(1);
  expect([given.length, starts.waiting]).toEqual([15, 7]);
  await clock.pass(30_000);
  expect([given.length, starts.waiting]).toEqual([20, 2]);
  await clock.pass(30_000);
  await Promise.all(late);
  expect(given).toEqual(Array.from({ length: 22 }, (_, at) => at));
});

test('P41: two run at once; a turn that ends twice frees one place', async () => {
  const starts = createIndexStarts(createFakeClock());
  const [first, second] = [await starts.turn(signal), await starts.turn(signal)];
  let hasThird = false;
  const third = starts.turn(signal).then((end) => {
    hasThird = true;
    return end;
  });
  const fourth = starts.turn(signal);
  await settle();
  expect([hasThird, starts.waiting]).toEqual([false, 2]);
  first();
  first();
  const endThird = await third;
  expect(starts.waiting).toBe(1);
  endThird();
  (await fourth)();
  second();
  expect(starts.waiting).toBe(0);
});

test('who gives up waiting leaves the queue and takes no turn', async () => {
  const starts = createIndexStarts(createFakeClock());
  const ends = [await starts.turn(signal), await starts.turn(signal)];
  const caller = new AbortController();
  const given = starts.turn(caller.signal);
  const next = starts.turn(signal);
  caller.abort(new Error('gone'));
  await expect(given).rejects.toThrow('gone');
  await expect(async () => starts.turn(caller.signal)).rejects.toThrow('gone');
  expect(starts.waiting).toBe(1);
  for (const end of ends) end();
  (await next)();
});
