import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Call } from '../tool.ts';
import { withDeadline } from './deadline.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function call(signal = new AbortController().signal): Call {
  return { args: {}, requestId: 'r', signal } as unknown as Call;
}

test('a handler that never ends is ended at its timeout, and its signal says so', async () => {
  let signal: AbortSignal | undefined;
  const run = withDeadline((bounded) => {
    signal = bounded.signal;
    return new Promise<never>(() => undefined);
  }, 200);
  const ended = expect(run(call())).rejects.toMatchObject({
    code: 'HANDLER_TIMEOUT_ERROR',
    details: { timeoutMs: 200 },
  });
  await vi.advanceTimersByTimeAsync(200);
  await ended;
  expect(signal?.aborted).toBe(true);
});

test('a result in time leaves no timer behind', async () => {
  expect(await withDeadline(async () => 'done', 200)(call())).toBe('done');
  await expect(withDeadline(() => Promise.reject(new Error('own')), 200)(call())).rejects.toThrow('own');
  expect(vi.getTimerCount()).toBe(0);
});

test("the outer call's end reaches the handler, also when it came first", async () => {
  const outer = new AbortController();
  const signals: AbortSignal[] = [];
  const run = withDeadline(async (bounded) => {
    signals.push(bounded.signal);
  }, 200);
  await run(call(outer.signal));
  outer.abort(new Error('cancelled'));
  await run(call(outer.signal));
  expect(signals.map((signal) => signal.aborted)).toEqual([true, true]);
});
