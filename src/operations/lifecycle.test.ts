import { expect, test } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createKeptLog } from '../../test/support/kept-log.ts';
import { createLifecycle, type LifecycleSteps } from './lifecycle.ts';

function setUp(over: Partial<LifecycleSteps> = {}) {
  const clock = createFakeClock();
  const { log, lines } = createKeptLog();
  const order: string[] = [];
  const calls = { inFlight: 0 };
  const step = (name: string) => async () => {
    order.push(name);
  };
  const lifecycle = createLifecycle({
    clock,
    log,
    inFlight: () => calls.inFlight,
    drainTimeoutMs: 1000,
    steps: {
      stopAccepting: step('stopAccepting'),
      stopListening: step('stopListening'),
      resumeAccepting: step('resumeAccepting'),
      close: step('close'),
      flush: step('flush'),
      ...over,
    },
  });
  lifecycle.onChange((state) => order.push(state));
  return { clock, lifecycle, lines, order, calls };
}

test('a stop drains first, closes when no call runs, and flushes last', async () => {
  const { clock, lifecycle, order, calls } = setUp();
  lifecycle.ready();
  calls.inFlight = 2;
  const stopped = lifecycle.stop();
  await clock.pass(500);
  expect(order).toEqual(['ready', 'draining', 'stopAccepting', 'stopListening']);
  calls.inFlight = 0;
  await clock.pass(50);
  await stopped;
  expect(order).toEqual(['ready', 'draining', 'stopAccepting', 'stopListening', 'close', 'flush', 'stopped']);
  expect(lifecycle.state()).toBe('stopped');
  expect(lifecycle.hasStarted()).toBe(true);
});

test('a call that does not end holds the stop for the drain timeout and not longer', async () => {
  const { clock, lifecycle, lines, calls } = setUp();
  lifecycle.ready();
  calls.inFlight = 1;
  const stopped = lifecycle.stop();
  await clock.pass(1100);
  await stopped;
  expect(lines).toContainEqual(expect.objectContaining({ level: 'warning', in_flight: 1 }));
});

test('a drain can be taken back, and again begun', async () => {
  const { clock, lifecycle, order, calls } = setUp();
  lifecycle.ready();
  calls.inFlight = 1;
  const drained = lifecycle.drain();
  await lifecycle.undrain();
  await clock.pass(100);
  expect(await drained).toBe(false);
  expect(lifecycle.state()).toBe('ready');
  calls.inFlight = 0;
  expect(await lifecycle.drain()).toBe(true);
  expect(order.filter((step) => step === 'stopAccepting')).toHaveLength(2);
});

test('a stop cannot be taken back, and all who ask share it', async () => {
  const { lifecycle, order } = setUp();
  lifecycle.ready();
  const stopped = [lifecycle.stop(), lifecycle.stop()];
  await lifecycle.undrain();
  await Promise.all(stopped);
  expect(order.filter((step) => step === 'close')).toHaveLength(1);
  expect(order).not.toContain('resumeAccepting');
});

test('a step that fails is logged, and the end is reached all the same', async () => {
  const { lifecycle, lines, order } = setUp({ close: () => Promise.reject(new Error('pool is stuck')) });
  lifecycle.ready();
  await lifecycle.stop();
  expect(order).toContain('flush');
  expect(lines).toContainEqual(
    expect.objectContaining({ level: 'error', error: expect.objectContaining({ message: 'pool is stuck' }) }),
  );
});

test('a process that ends while it starts was never ready', async () => {
  const { lifecycle, order } = setUp();
  await lifecycle.stop();
  lifecycle.ready();
  expect(order).not.toContain('ready');
  expect(lifecycle.hasStarted()).toBe(false);
});
