import { expect, test } from 'vitest';
import { createSlots } from './slots.ts';

const together = { alone: false, signal: undefined };
const alone = { alone: true, signal: undefined };

/** Whether a promise has settled by the next turn of the loop. */
async function isSettled(work: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  work.then(settle, settle);
  await new Promise(setImmediate);
  return settled;
}

test('so many at once, the others in order', async () => {
  const slots = createSlots(2);
  const first = await slots.acquire(together);
  await slots.acquire(together);
  const third = slots.acquire(together);
  const fourth = slots.acquire(together);
  expect(slots.stats()).toEqual({ running: 2, waiting: 2 });
  first();
  first();
  expect(await isSettled(third)).toBe(true);
  expect(await isSettled(fourth)).toBe(false);
});

test('alone waits for all others, and keeps out those who come later', async () => {
  const slots = createSlots(3);
  const first = await slots.acquire(together);
  const single = slots.acquire(alone);
  const later = slots.acquire(together);
  expect(await isSettled(single)).toBe(false);
  expect(await isSettled(later)).toBe(false);
  first();
  const release = await single;
  expect(await isSettled(later)).toBe(false);
  release();
  expect(await isSettled(later)).toBe(true);
});

test('who gives up leaves the queue and lets the next one pass', async () => {
  const slots = createSlots(2);
  await slots.acquire(together);
  const controller = new AbortController();
  const single = slots.acquire({ alone: true, signal: controller.signal });
  const later = slots.acquire(together);
  expect(await isSettled(later)).toBe(false);
  controller.abort();
  await expect(single).rejects.toMatchObject({ reason: 'cancelled' });
  expect(await isSettled(later)).toBe(true);
});

test('beyond the bound the next is refused at once', async () => {
  const slots = createSlots(1);
  await slots.acquire(together);
  for (let waiting = 0; waiting < 256; waiting++) slots.acquire(together).catch(() => undefined);
  await expect(slots.acquire(together)).rejects.toMatchObject({ reason: 'busy' });
});
