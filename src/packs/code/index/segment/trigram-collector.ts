// Collects the distinct trigrams of each block and turns them into postings.
// A trigram is three consecutive bytes of the case-folded text, as a 24-bit number; none spans a line feed.
// Pairs of trigram and block are kept apart by the first byte of the trigram, so that sorting them at the end
// works on pieces that fit the processor's cache: three times faster than one large counting sort.

import { isAscii } from 'node:buffer';
import { filterBit, filterBytes } from './block-filter.ts';
import { ASCII_FOLD, foldUtf8 } from './case-fold.ts';
import { PostingBuffer } from './posting-list.ts';

const LINE_FEED = 0x0a;
const TRIGRAM_BITS = 24;
const MASK = (1 << TRIGRAM_BITS) - 1;
const PARTITIONS = 256;
const PARTITION_KEYS = 1 << 16;
const PARTITION_FIRST = 256;
/** Fewer pairs are sorted by comparison: clearing the counters would cost more. */
const COUNTING_SORT_MIN = 8192;

/** Postings of a segment: sorted trigrams, where the list of each ends, and the lists. */
export interface Postings {
  readonly keys: Uint32Array;
  readonly ends: Uint32Array;
  readonly lists: Uint8Array;
}

/** Facts about a block that fall out of reading it. */
export interface BlockFacts {
  readonly ascii: boolean;
  readonly lineFeeds: number;
  /** See {@link filterBytes}. */
  readonly filter: Uint8Array;
}

/** Blocks one collector can hold: a pair packs a block number into 16 bits. */
export const BLOCKS_MAX = 0xffff;

const NO_PAIRS = new Uint32Array(0);

/**
 * A bit for each trigram, all 0: 2 MB that a segment of one edited file would spend more time on than on its text. One
 * block at a time has it; where that fails it is not given back, so that nobody ever finds a bit set.
 */
let unseen: Uint32Array | undefined;

/** Accumulates the blocks of one segment, in order. */
export class TrigramCollector {
  /** For each first byte its pairs, in block order: the other two bytes above, the block number below. */
  readonly #partitions: Uint32Array[] = new Array(PARTITIONS).fill(NO_PAIRS);
  readonly #sizes = new Uint32Array(PARTITIONS);
  #blocks = 0;
  #keys = new Uint32Array(0);
  #folded = new Uint8Array(0);

  /** Blocks added so far. */
  get blocks(): number {
    return this.#blocks;
  }

  /** Adds the next block. */
  addBlock(text: Uint8Array): BlockFacts {
    // Every byte adds at most one trigram, so one reservation spares a check per byte.
    if (this.#keys.length < text.length) this.#keys = new Uint32Array(2 * text.length);
    const ascii = isAscii(text);
    let folded = text;
    if (!ascii) {
      if (this.#folded.length < text.length) this.#folded = new Uint8Array(2 * text.length);
      folded = this.#folded.subarray(0, foldUtf8(text, this.#folded));
    }
    const seen = unseen ?? new Uint32Array(1 << (TRIGRAM_BITS - 5));
    unseen = undefined;
    const filter = new Uint8Array(filterBytes(text.length));
    const found = collectDistinct(folded, { seen, keys: this.#keys, filter });
    this.#keep(found.distinct, seen);
    unseen = seen;
    this.#blocks++;
    return { ascii, lineFeeds: found.lineFeeds, filter };
  }

  /** Sorts what was collected into postings. The collector is spent afterwards. */
  finish(): Postings {
    const out = new PostingBuffer(this.#blocks);
    let counters: Uint32Array | undefined;
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const pairs = (this.#partitions[partition] ?? NO_PAIRS).subarray(0, this.#sizes[partition]);
      this.#partitions[partition] = NO_PAIRS;
      if (pairs.length < COUNTING_SORT_MIN) {
        appendSorted(pairs.sort(), partition, out);
        continue;
      }
      counters ??= new Uint32Array(PARTITION_KEYS + 1);
      appendCounted(pairs, partition, { counters, out });
    }
    return out.finish();
  }

  // Trigrams over a line feed (and the two before the block begins, seeded with one) are dropped here, once per
  // distinct trigram, instead of being tested once per byte.
  #keep(count: number, seen: Uint32Array): void {
    const keys = this.#keys;
    const sizes = this.#sizes;
    const partitions = this.#partitions;
    const block = this.#blocks;
    for (let i = 0; i < count; i++) {
      const key = keys[i] as number;
      seen[key >>> 5] = 0;
      if (holdsLineFeed(key)) continue;
      const partition = key >>> 16;
      let pairs = partitions[partition] as Uint32Array;
      const size = sizes[partition] as number;
      if (size === pairs.length) pairs = this.#grow(partition);
      pairs[size] = (key << 16) | block;
      sizes[partition] = size + 1;
    }
  }

  #grow(partition: number): Uint32Array {
    const old = this.#partitions[partition] as Uint32Array;
    const larger = new Uint32Array(Math.max(PARTITION_FIRST, 2 * old.length));
    larger.set(old);
    this.#partitions[partition] = larger;
    return larger;
  }
}

/** Whether one of the three bytes is a line feed; such trigrams are not indexed. */
export function holdsLineFeed(trigram: number): boolean {
  return (
    (trigram & 0xff) === LINE_FEED || ((trigram >>> 8) & 0xff) === LINE_FEED || trigram >>> 16 === LINE_FEED
  );
}

// The hot loop of indexing: one bitmap probe and one bit of the filter per byte. Distinct trigrams go to `keys`. Each
// trigram is written there and only new ones are kept: every fifth is new, which no processor predicts.
function collectDistinct(
  text: Uint8Array,
  into: { readonly seen: Uint32Array; readonly keys: Uint32Array; readonly filter: Uint8Array },
): { distinct: number; lineFeeds: number } {
  const { seen, keys, filter } = into;
  const fold = ASCII_FOLD;
  const filterBits = filter.length * 8;
  const length = text.length;
  let distinct = 0;
  let lineFeeds = 0;
  let run = LINE_FEED;
  for (let i = 0; i < length; i++) {
    const byte = text[i] as number;
    if (byte === LINE_FEED) lineFeeds++;
    run = (run << 8) | (fold[byte] as number);
    const place = filterBit(run, filterBits);
    filter[place >>> 3] = (filter[place >>> 3] as number) | (1 << (place & 7));
    const trigram = run & MASK;
    const word = trigram >>> 5;
    const bits = seen[word] as number;
    seen[word] = bits | (1 << (trigram & 31));
    keys[distinct] = trigram;
    distinct += (~bits >>> (trigram & 31)) & 1;
  }
  return { distinct, lineFeeds };
}

function appendSorted(pairs: Uint32Array, partition: number, out: PostingBuffer): void {
  const blocks = new Uint16Array(pairs.length);
  let start = 0;
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i] as number;
    blocks[i] = pair & 0xffff;
    if (i + 1 < pairs.length && (pairs[i + 1] as number) >>> 16 === pair >>> 16) continue;
    out.append((partition << 16) | (pair >>> 16), blocks.subarray(start, i + 1));
    start = i + 1;
  }
}

// Counting sort by the other two bytes; it is stable, so the blocks of each trigram stay in order.
function appendCounted(
  pairs: Uint32Array,
  partition: number,
  by: { counters: Uint32Array; out: PostingBuffer },
): void {
  const { counters, out } = by;
  counters.fill(0);
  for (let i = 0; i < pairs.length; i++) {
    const next = ((pairs[i] as number) >>> 16) + 1;
    counters[next] = (counters[next] as number) + 1;
  }
  for (let key = 0; key < PARTITION_KEYS; key++)
    counters[key + 1] = (counters[key + 1] as number) + (counters[key] as number);
  const blocks = new Uint16Array(pairs.length);
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i] as number;
    const slot = counters[pair >>> 16] as number;
    blocks[slot] = pair & 0xffff;
    counters[pair >>> 16] = slot + 1;
  }
  // Every counter now stands at the end of its key's blocks.
  let start = 0;
  for (let key = 0; key < PARTITION_KEYS; key++) {
    const end = counters[key] as number;
    if (end > start) out.append((partition << 16) | key, blocks.subarray(start, end));
    start = end;
  }
}
