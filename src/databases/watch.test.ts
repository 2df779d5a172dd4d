import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Cancellation, DatabaseError } from './database.ts';
import { Watch } from './watch.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function watched(timeoutMs: number, cancellation?: Cancellation) {
  const reasons: string[] = [];
  const watch = new Watch(timeoutMs, cancellation);
  const note = (reason: DatabaseError) => reasons.push(reason.kind);
  watch.set(note);
  return { watch, reasons, note };
}

test('a run that is over in time never asks for its signal', () => {
  let asked = 0;
  const cancellation = {
    get signal() {
      asked += 1;
      return new AbortController().signal;
    },
  };
  const { watch, reasons } = watched(1000, cancellation);
  vi.advanceTimersByTime(19);
  watch.end();
  vi.advanceTimersByTime(5000);
  expect({ asked, reasons }).toEqual({ asked: 0, reasons: [] });
  expect(vi.getTimerCount()).toBe(0);
});

test('the deadline holds with and without a signal, and below the time of the first look', () => {
  for (const [timeoutMs, cancellation] of [
    [1000, undefined],
    [1000, new AbortController()],
    [5, new AbortController()],
  ] as const) {
    const { reasons } = watched(timeoutMs, cancellation);
    vi.advanceTimersByTime(timeoutMs - 1);
    expect(reasons).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(reasons).toEqual(['timeout']);
  }
});

test('an abort ends the run once, also one that came before the first look', () => {
  const late = new AbortController();
  const { reasons } = watched(1000, late);
  vi.advanceTimersByTime(500);
  late.abort();
  expect(reasons).toEqual(['cancelled']);
  vi.advanceTimersByTime(5000);
  expect(reasons).toEqual(['cancelled']);

  const early = new AbortController();
  const other = watched(1000, early);
  early.abort();
  vi.advanceTimersByTime(20);
  expect(other.reasons).toEqual(['cancelled']);
});

test('what takes over after the end is abandoned at once', () => {
  const { watch, reasons, note } = watched(10);
  vi.advanceTimersByTime(10);
  watch.set(note);
  expect(reasons).toEqual(['timeout', 'timeout']);
});
