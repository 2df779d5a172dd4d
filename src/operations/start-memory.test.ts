import { PerformanceObserver } from 'node:perf_hooks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { returnStartMemory } from './start-memory.ts';

const FORCED = 4;

let collections: number;
let observer: PerformanceObserver;
beforeEach(() => {
  collections = 0;
  observer = new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries() as unknown as { detail: { flags: number } }[])
      if ((detail.flags & FORCED) !== 0) collections += 1;
  });
  observer.observe({ entryTypes: ['gc'] });
});

afterEach(() => observer.disconnect());

test('the young generation is collected once, five seconds after the start', async () => {
  const clock = createFakeClock();
  returnStartMemory(clock, () => 0);
  await clock.pass(4999);
  await nextTurn();
  expect(collections).toBe(0);
  await clock.pass(1);
  await expect.poll(() => collections).toBe(1);
});

test('calls under way are not held up', async () => {
  const clock = createFakeClock();
  returnStartMemory(clock, () => 1);
  await clock.pass(5000);
  await nextTurn();
  expect(collections).toBe(0);
});

test('an end before it stops it', async () => {
  const clock = createFakeClock();
  returnStartMemory(clock, () => 0)();
  await clock.pass(5000);
  await nextTurn();
  expect(collections).toBe(0);
});

/** The observer is told of a collection in a turn of its own. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
