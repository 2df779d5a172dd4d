import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRateWindow, type RateStrategy } from './window.ts';

const WINDOW_MS = 1000;

/** Admits like the limiter does and returns the times of what was admitted. */
function admittedTimes(strategy: RateStrategy, limit: number, gaps: readonly number[]): number[] {
  const window = createRateWindow(strategy, WINDOW_MS, limit);
  const admitted: number[] = [];
  let now = 0;
  for (const gap of gaps) {
    now += gap;
    if (window.used(now) >= limit) continue;
    window.take(now, 1);
    admitted.push(now);
  }
  return admitted;
}

test('a sliding window never holds more than its limit, whatever the arrivals', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 300 }),
      (limit, gaps) => {
        const admitted = admittedTimes('sliding-window', limit, gaps);
        for (const end of admitted) {
          const inWindow = admitted.filter((time) => time > end - WINDOW_MS && time <= end).length;
          expect(inWindow).toBeLessThanOrEqual(limit);
        }
      },
    ),
  );
});

test('a large sliding window, kept in slices, never holds more than its limit and errs by at most 1 %', () => {
  const limit = 5000;
  const admitted = admittedTimes(
    'sliding-window',
    limit,
    Array.from({ length: 40_000 }, () => 0.1),
  );
  for (let index = limit; index < admitted.length; index++) {
    expect((admitted[index] ?? 0) - (admitted[index - limit] ?? 0)).toBeGreaterThanOrEqual(WINDOW_MS);
  }
  // 4 s of arrivals at twice the limit: at least 99 % of 4 windows' worth is admitted.
  expect(admitted.length).toBeGreaterThanOrEqual(limit * 4 * 0.98);
});

test('a fixed window starts with its first request and empties all at once', () => {
  const window = createRateWindow('fixed-window', WINDOW_MS, 2);
  window.take(500, 1);
  window.take(1400, 1);
  expect(window.used(1499)).toBe(2);
  expect(window.waitMs(1499, 2)).toBe(1);
  expect(window.used(1500)).toBe(0);
});

test('waiting as long as told admits the next request, in every strategy', () => {
  const strategies = [
    ['fixed-window', 3],
    ['sliding-window', 3],
    ['sliding-window', 2000],
  ] as const;
  for (const [strategy, limit] of strategies) {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 50 }), (gaps) => {
        const window = createRateWindow(strategy, WINDOW_MS, limit);
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          if (window.used(now) < limit) window.take(now, 1);
        }
        while (window.used(now) < limit) window.take(now, 1);
        const wait = window.waitMs(now, limit);
        expect(wait).toBeGreaterThan(0);
        expect(window.used(now + wait + 1e-6)).toBeLessThan(limit);
      }),
      { numRuns: 50 },
    );
  }
});

test('a limit of zero is never admitted', () => {
  for (const strategy of ['fixed-window', 'sliding-window'] as const) {
    const window = createRateWindow(strategy, WINDOW_MS, 0);
    expect(window.used(0)).toBe(0);
    expect(window.used(0) < 0).toBe(false);
  }
});
