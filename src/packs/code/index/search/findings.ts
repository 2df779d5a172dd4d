// What judging found out, segment by segment, kept for later searches of the same pattern. A segment never changes, so
// what is known of its blocks stays true whichever files are wanted, and after every edit, which only adds a segment.

import { LRUCache } from 'lru-cache';
import type { SegmentReader } from '../segment/segment-reader.ts';

/** What is known of one segment and one pattern. Places are blocks; for a pattern across lines they are blobs. */
export interface Findings {
  /** Candidates that were not judged yet, because nobody wanted their files or the time was up; ascending. */
  readonly left: Uint16Array;
  /** Places with a match, ascending. */
  readonly places: Uint16Array;
  /** How many matching lines each of them has. */
  readonly lines: Uint32Array;
}

/** 8 MiB: a word that is in every second block of 300 MB of source takes 0.1 MiB, most take some hundred bytes. */
const BYTES_MAX = 8 << 20;
/** Bytes of an entry without its tables and its key, roughly. */
const ENTRY_BYTES = 400;
const CHARACTER_BYTES = 2;

/** What the searches of one index found, those that were asked for last. */
export class KeptFindings {
  readonly #kept = new LRUCache<string, Findings>({
    maxSize: BYTES_MAX,
    sizeCalculation: ({ left, places, lines }, key) =>
      ENTRY_BYTES + key.length * CHARACTER_BYTES + left.byteLength + places.byteLength + lines.byteLength,
  });
  /** Readers by number; what was found with one that is closed is forgotten last. */
  readonly #numbers = new WeakMap<SegmentReader, number>();
  #next = 0;

  /** What is known; `pattern` is all that decides which lines match. */
  get(segment: SegmentReader, pattern: string): Findings | undefined {
    return this.#kept.get(this.#key(segment, pattern));
  }

  /** Keeps it in place of what was known. */
  keep(segment: SegmentReader, pattern: string, findings: Findings): void {
    this.#kept.set(this.#key(segment, pattern), findings);
  }

  #key(segment: SegmentReader, pattern: string): string {
    const number = this.#numbers.get(segment) ?? this.#next++;
    this.#numbers.set(segment, number);
    return `${number} ${pattern}`;
  }
}

/** Findings with more places, which were among those that were left. */
export function addFound(
  known: Findings,
  found: {
    readonly left: Uint16Array;
    readonly places: readonly number[];
    readonly lines: readonly number[];
  },
): Findings {
  const { left } = found;
  if (known.places.length === 0)
    return { left, places: Uint16Array.from(found.places), lines: Uint32Array.from(found.lines) };
  if (found.places.length === 0) return { ...known, left };
  const places = new Uint16Array(known.places.length + found.places.length);
  const lines = new Uint32Array(places.length);
  let [one, other] = [0, 0];
  for (let at = 0; at < places.length; at++) {
    const next = found.places[other] ?? Number.POSITIVE_INFINITY;
    const isKnown = (known.places[one] ?? Number.POSITIVE_INFINITY) < next;
    places[at] = isKnown ? (known.places[one] ?? 0) : next;
    lines[at] = (isKnown ? known.lines[one++] : found.lines[other++]) ?? 0;
  }
  return { left, places, lines };
}
