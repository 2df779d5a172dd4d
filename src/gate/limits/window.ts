// The two exact rate limit strategies (governance §6.1): in no window more than the limit.

/** One counter of one scope. Looking and taking are apart so that several scopes are taken all or none. */
export interface RateWindow {
  /** Requests that count at `now`. */
  used(now: number): number;
  /** Milliseconds until a request would be admitted again when `limit` is reached; 0 when one is admitted now. */
  waitMs(now: number, limit: number): number;
  /** Milliseconds until the counter is empty again. */
  resetMs(now: number): number;
  take(now: number): void;
}

export type RateStrategy = 'fixed-window' | 'sliding-window';

/** Up to this many requests each keeps its timestamp (8 KB); above, two weighted buckets err by at most 1 %. */
const EXACT_TIMESTAMPS_MAX = 1000;

/** Creates an empty window. `windowMs` > 0; `limit` only chooses how a sliding window is kept. */
export function createRateWindow(strategy: RateStrategy, windowMs: number, limit: number): RateWindow {
  if (strategy === 'fixed-window') return fixedWindow(windowMs);
  return limit <= EXACT_TIMESTAMPS_MAX ? slidingLog(windowMs, limit) : slidingBuckets(windowMs);
}

/** Aligned to the first request: a new window starts with the first request after the old one ended. */
function fixedWindow(windowMs: number): RateWindow {
  let start = Number.NEGATIVE_INFINITY;
  let count = 0;
  const isOver = (now: number) => now - start >= windowMs;
  return {
    used: (now) => (isOver(now) ? 0 : count),
    waitMs: (now, limit) => (isOver(now) || count < limit ? 0 : start + windowMs - now),
    resetMs: (now) => (isOver(now) ? 0 : start + windowMs - now),
    take(now) {
      if (isOver(now)) {
        start = now;
        count = 0;
      }
      count++;
    },
  };
}

/** A ring of timestamps, as long as the most that can be admitted; grows by doubling up to that. */
function slidingLog(windowMs: number, limit: number): RateWindow {
  // Lenient limits admit up to 110 %; one more so that a full ring still shows the oldest that counts.
  const capacityMax = Math.ceil(limit * 1.1) + 1;
  let ring = new Float64Array(Math.min(8, capacityMax));
  let head = 0;
  let size = 0;

  const dropOld = (now: number) => {
    while (size > 0 && now - (ring[head] ?? 0) >= windowMs) {
      head = (head + 1) % ring.length;
      size--;
    }
  };
  const grow = () => {
    const larger = new Float64Array(Math.min(ring.length * 2, capacityMax));
    for (let index = 0; index < size; index++) larger[index] = ring[(head + index) % ring.length] ?? 0;
    ring = larger;
    head = 0;
  };
  const timeAt = (index: number) => ring[(head + index) % ring.length] ?? 0;

  return {
    used(now) {
      dropOld(now);
      return size;
    },
    waitMs(now, limitNow) {
      dropOld(now);
      if (size < limitNow) return 0;
      if (limitNow === 0) return windowMs;
      return timeAt(size - limitNow) + windowMs - now;
    },
    resetMs(now) {
      dropOld(now);
      return size === 0 ? 0 : timeAt(size - 1) + windowMs - now;
    },
    take(now) {
      if (size === ring.length && ring.length < capacityMax) grow();
      if (size === ring.length) {
        head = (head + 1) % ring.length;
        size--;
      }
      ring[(head + size) % ring.length] = now;
      size++;
    },
  };
}

/**
 * Slices of 1/128 of the window, so that what has left the window is known to less than 1 %; a slice counts
 * until its last moment has left, which never admits too many.
 */
function slidingBuckets(windowMs: number): RateWindow {
  const slices = 128;
  const sliceMs = windowMs / slices;
  // One slice more than the window holds: the oldest counts until it is wholly outside.
  const counts = new Uint32Array(slices + 1);
  let current = 0;
  let total = 0;

  const advance = (now: number) => {
    const slice = Math.floor(now / sliceMs);
    const passed = Math.min(slice - current, counts.length);
    for (let step = 1; step <= passed; step++) {
      const index = (current + step) % counts.length;
      total -= counts[index] ?? 0;
      counts[index] = 0;
    }
    current = Math.max(current, slice);
  };
  const freedAfter = (now: number, needed: number) => {
    let freed = 0;
    for (let age = slices; age >= 0; age--) {
      freed += counts[(((current - age) % counts.length) + counts.length) % counts.length] ?? 0;
      if (freed >= needed) return (current - age + counts.length) * sliceMs - now;
    }
    return windowMs;
  };

  return {
    used(now) {
      advance(now);
      return total;
    },
    waitMs(now, limit) {
      advance(now);
      if (total < limit) return 0;
      return limit === 0 ? windowMs : freedAfter(now, total - limit + 1);
    },
    resetMs(now) {
      advance(now);
      return total === 0 ? 0 : freedAfter(now, total);
    },
    take(now) {
      advance(now);
      const index = current % counts.length;
      counts[index] = (counts[index] ?? 0) + 1;
      total++;
    },
  };
}
