import { expect, test } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createRefresher } from './refresher.ts';

test('an upstream that hints without end is asked ever less often, and quickly again after a calm', async () => {
  const clock = createFakeClock();
  let reads = 0;
  const refresher = createRefresher({
    clock,
    refresh: async () => {
      reads += 1;
      return true;
    },
  });
  refresher.start();
  refresher.hint();
  await clock.pass(0);
  expect(reads).toBe(1);
  // Ten hints a second for ten minutes.
  for (let step = 0; step < 6000; step++) {
    refresher.hint();
    await clock.pass(100);
  }
  expect(reads).toBeLessThan(25);
  expect(reads).toBeGreaterThan(8);
  await clock.pass(61_000);
  const before = reads;
  await clock.pass(61_000);
  refresher.hint();
  await clock.pass(0);
  expect(reads).toBe(before + 1);
  refresher.stop();
});

test('a list is read again now and then, also where reading it fails', async () => {
  const clock = createFakeClock();
  let reads = 0;
  const refresher = createRefresher({
    clock,
    refresh: async () => {
      reads += 1;
      throw new Error('it cannot be reached');
    },
  });
  refresher.start();
  for (let round = 0; round < 3; round++) {
    await clock.pass(300_000);
  }
  expect(reads).toBe(3);
  refresher.stop();
  await clock.pass(3_000_000);
  expect(reads).toBe(3);
});
