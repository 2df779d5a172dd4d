// The two exact rate limit strategies (governance §6.1): in no window more than the limit.

/** One counter of one scope. Looking and taking are apart so that several scopes are taken all or none. */
export interface RateWindow {
  /** Requests that count at `now`. */
  used(now: number): number;
  /** Milliseconds until a request would be admitted again when `limit` is reached; 0 when one is admitted now. */
  waitMs(now: number, limit: number): number;
  /** Milliseconds until the counter is empty again. */
  resetMs(now: number): number;
  /** Counts `cost` requests, also beyond any limit: who asks has looked before. */
  take(now: number, cost: number): void;
}

export type RateStrategy = 'fixed-window' | 'sliding-window';

/** Up to this many requests each keeps its timestamp (8 KB); above, slices of the window err by at most 1 %. */
export const EXACT_TIMESTAMPS_MAX = 1000;
/** What has left the window is known to 1/128 of it, which is less than 1 %. */
export const WINDOW_SLICES = 128;

/** Creates an empty window. `windowMs` > 0; `limit` only chooses how a sliding window is kept. */
export function createRateWindow(strategy: RateStrategy, windowMs: number, limit: number): RateWindow {
  if (strategy === 'fixed-window') return new FixedWindow(windowMs);
  return limit <= EXACT_TIMESTAMPS_MAX ? new SlidingLog(windowMs, limit) : new SlidingSlices(windowMs);
}

/** Aligned to the first request: a new window starts with the first request after the old one ended. */
class FixedWindow implements RateWindow {
  readonly #windowMs: number;
  #start = 0;
  #count = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  used(now: number): number {
    return now - this.#start >= this.#windowMs ? 0 : this.#count;
  }

  waitMs(now: number, limit: number): number {
    if (limit <= 0) return this.#windowMs;
    return this.used(now) < limit ? 0 : this.#start + this.#windowMs - now;
  }

  resetMs(now: number): number {
    return this.used(now) === 0 ? 0 : this.#start + this.#windowMs - now;
  }

  take(now: number, cost: number): void {
    if (this.#count === 0 || now - this.#start >= this.#windowMs) {
      this.#start = now;
      this.#count = 0;
    }
    this.#count += cost;
  }
}

/** A ring of timestamps; its length is a power of two, and doubles until the most that can be admitted fits in. */
class SlidingLog implements RateWindow {
  readonly #windowMs: number;
  readonly #capacityMax: number;
  /** Not a typed array: those cost 200 bytes each, and most counters hold a few times. */
  #ring: number[];
  #head = 0;
  #size = 0;

  constructor(windowMs: number, limit: number) {
    this.#windowMs = windowMs;
    // Lenient limits admit up to 110 %; one more so that a full ring still shows the oldest that counts.
    this.#capacityMax = Math.ceil(limit * 1.1) + 1;
    this.#ring = new Array(4).fill(0);
  }

  used(now: number): number {
    const ring = this.#ring;
    const mask = ring.length - 1;
    while (this.#size > 0 && now - (ring[this.#head] ?? 0) >= this.#windowMs) {
      this.#head = (this.#head + 1) & mask;
      this.#size--;
    }
    return this.#size;
  }

  waitMs(now: number, limit: number): number {
    if (limit <= 0) return this.#windowMs;
    const used = this.used(now);
    return used < limit ? 0 : this.#timeAt(used - limit) + this.#windowMs - now;
  }

  resetMs(now: number): number {
    const used = this.used(now);
    return used === 0 ? 0 : this.#timeAt(used - 1) + this.#windowMs - now;
  }

  take(now: number, cost: number): void {
    for (let taken = 0; taken < cost; taken++) this.#push(now);
  }

  #push(now: number): void {
    if (this.#size === this.#ring.length) {
      if (this.#size < this.#capacityMax) this.#grow();
      else this.#dropOldest();
    }
    const mask = this.#ring.length - 1;
    this.#ring[(this.#head + this.#size) & mask] = now;
    this.#size++;
  }

  #dropOldest(): void {
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#size--;
  }

  #grow(): void {
    const larger: number[] = new Array(this.#ring.length * 2).fill(0);
    for (let index = 0; index < this.#size; index++) larger[index] = this.#timeAt(index);
    this.#ring = larger;
    this.#head = 0;
  }

  #timeAt(index: number): number {
    return this.#ring[(this.#head + index) & (this.#ring.length - 1)] ?? 0;
  }
}

/** Counts per slice; a slice counts until its last moment has left the window, which never admits too many. */
class SlidingSlices implements RateWindow {
  readonly #windowMs: number;
  readonly #sliceMs: number;
  // One slice more than the window holds: the oldest counts until it is wholly outside.
  readonly #counts = new Uint32Array(WINDOW_SLICES + 1);
  #current = 0;
  #total = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
    this.#sliceMs = windowMs / WINDOW_SLICES;
  }

  used(now: number): number {
    const counts = this.#counts;
    const slice = Math.floor(now / this.#sliceMs);
    const passed = Math.min(slice - this.#current, counts.length);
    for (let step = 1; step <= passed; step++) {
      const index = (this.#current + step) % counts.length;
      this.#total -= counts[index] ?? 0;
      counts[index] = 0;
    }
    if (slice > this.#current) this.#current = slice;
    return this.#total;
  }

  waitMs(now: number, limit: number): number {
    if (limit <= 0) return this.#windowMs;
    const used = this.used(now);
    return used < limit ? 0 : this.#freedAfter(now, used - limit + 1);
  }

  resetMs(now: number): number {
    if (this.used(now) === 0) return 0;
    let newest = this.#current;
    while (this.#countOf(newest) === 0) newest--;
    return (newest + this.#counts.length) * this.#sliceMs - now;
  }

  take(now: number, cost: number): void {
    this.used(now);
    const index = this.#current % this.#counts.length;
    this.#counts[index] = (this.#counts[index] ?? 0) + cost;
    this.#total += cost;
  }

  #freedAfter(now: number, needed: number): number {
    let freed = 0;
    for (let slice = this.#current - WINDOW_SLICES; slice <= this.#current; slice++) {
      freed += this.#countOf(slice);
      if (freed >= needed) return (slice + this.#counts.length) * this.#sliceMs - now;
    }
    return this.#windowMs;
  }

  #countOf(slice: number): number {
    const { length } = this.#counts;
    return this.#counts[((slice % length) + length) % length] ?? 0;
  }
}
