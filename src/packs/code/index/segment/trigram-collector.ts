// Collects the distinct trigrams of each block and turns them into postings.
// A trigram is three consecutive bytes of the case-folded text, as a 24-bit number; none spans a line feed.
// Pairs of trigram and block are kept apart by the first byte of the trigram, so that sorting them at the end
// works on pieces that fit the processor's cache.

import { isAscii } from 'node:buffer';
import { fillFilter, filterBytes, KERNEL_FILTER_BITS_MAX } from './block-filter.ts';
import { foldUtf8 } from './case-fold.ts';
import { bitmapBytes } from './posting-list.ts';
import {
  KERNEL_CHUNK_BYTES,
  KERNEL_TEXT_MAX,
  KERNEL_TRIGRAM_BYTES,
  KernelPlace,
  returnKernel,
  type TrigramKernel,
  takeKernel,
} from './trigram-kernel.ts';

const LINE_FEED = 0x0a;
const FIRST_BYTES = 256;
const BYTE_BITS = 8;
/** Bits of the filter that the kernel makes of a piece where it is not wanted: the least that it takes. */
const UNUSED_FILTER_BITS = 16;

/** Postings of a segment but for the lists: sorted trigrams and where the list of each ends; and the filters of its blocks. */
export interface Postings {
  readonly keys: Uint32Array;
  readonly ends: Uint32Array;
  /** One after the other, of {@link filterBytes} each. */
  readonly filters: Uint8Array;
}

/** Facts about a block that fall out of reading it. */
export interface BlockFacts {
  readonly ascii: boolean;
  readonly lineFeeds: number;
}

/** Blocks one collector can hold: a pair packs a block number into 16 bits. */
export const BLOCKS_MAX = 0xffff;

/** Accumulates the blocks of one segment, in order. */
export class TrigramCollector {
  readonly #kernel: TrigramKernel = takeKernel();
  #blocks = 0;
  /** Blocks whose trigrams are not kept as pairs yet, in order: the number of each, and where its trigrams end. */
  readonly #waiting: { readonly block: number; readonly to: number }[] = [];
  #filters = Buffer.alloc(0);
  #filtersLength = 0;
  #folded = new Uint8Array(0);

  /** Blocks added so far. */
  get blocks(): number {
    return this.#blocks;
  }

  /** Adds the next block. */
  addBlock(text: Uint8Array): BlockFacts {
    const { run } = this.#kernel;
    const ascii = isAscii(text);
    const folded = ascii ? text : this.#fold(text);
    const filterLength = filterBytes(text.length);
    const bits = BYTE_BITS * filterLength;
    run.begin();
    let lineFeeds: number;
    if (folded.length <= KERNEL_TEXT_MAX && bits <= KERNEL_FILTER_BITS_MAX) {
      lineFeeds = this.#addPiece(folded, bits);
      run.unsee();
      run.filter(bits);
      const { filter } = KernelPlace;
      this.#kernel.bytes.copy(this.#roomForFilter(filterLength), 0, filter, filter + filterLength);
    } else {
      lineFeeds = this.#addPieces(folded);
      run.forget();
      fillFilter(this.#roomForFilter(filterLength).fill(0), folded);
    }
    this.#blocks++;
    if (run.top.value > KernelPlace.trigrams + KERNEL_TRIGRAM_BYTES) this.#keepWaiting();
    return { ascii, lineFeeds };
  }

  /**
   * Sorts what was collected into postings. `onLists` gets their lists in order and in pieces, which are gone when it
   * returns. The collector is spent afterwards.
   */
  finish(onLists: (lists: Uint8Array) => void): Postings {
    this.#keepWaiting();
    const kernel = this.#kernel;
    const { run } = kernel;
    const bitmap = bitmapBytes(this.#blocks);
    const keys: Uint32Array[] = [];
    const ends: Uint32Array[] = [];
    const from = run.free.value;
    let written = 0;
    for (let first = 0; first < FIRST_BYTES; first++) {
      const size = run.size(first);
      if (size === 0) continue;
      // Sorting goes there and back; then the lists, which are shorter than their pairs, are written there.
      const room = from + size;
      kernel.reserve(room + size);
      run.sort(first, size, from, room);
      const count = run.encode(from, room, room, bitmap, first, written);
      keys.push(kernel.table(KernelPlace.keys, count));
      ends.push(kernel.table(KernelPlace.ends, count));
      onLists(kernel.bytes.subarray(room, run.written.value));
      written += run.written.value - room;
    }
    returnKernel(kernel);
    const filters = this.#filters.subarray(0, this.#filtersLength);
    return { keys: joinTables(keys), ends: joinTables(ends), filters };
  }

  #addPiece(piece: Uint8Array, filterBits: number): number {
    this.#kernel.bytes.set(piece, KernelPlace.text);
    const lineFeeds = this.#kernel.run.add(piece.length, filterBits);
    this.#waiting.push({ block: this.#blocks, to: this.#kernel.run.top.value });
    return lineFeeds;
  }

  // Of a block of one enormous line. The kernel cannot hold all its trigrams, so they are kept piece by piece; nor its filter.
  #addPieces(text: Uint8Array): number {
    let lineFeeds = 0;
    for (let at = 0; at < text.length; at += KERNEL_TEXT_MAX) {
      lineFeeds += this.#addPiece(text.subarray(at, at + KERNEL_TEXT_MAX), UNUSED_FILTER_BITS);
      this.#keepWaiting();
    }
    this.#kernel.run.filter(UNUSED_FILTER_BITS);
    return lineFeeds;
  }

  #keepWaiting(): void {
    const { run } = this.#kernel;
    const bytes = run.top.value - KernelPlace.trigrams;
    // A chunk holds a little less than its size, and every first byte may begin one.
    this.#kernel.reserve(run.free.value + 2 * bytes + FIRST_BYTES * KERNEL_CHUNK_BYTES);
    let from: number = KernelPlace.trigrams;
    for (const { block, to } of this.#waiting) {
      run.keep(from, to, block);
      from = to;
    }
    this.#waiting.length = 0;
    run.rewind();
  }

  // All in one buffer: as many small ones keep the garbage collector busy.
  #roomForFilter(length: number): Buffer {
    if (this.#filtersLength + length > this.#filters.length) {
      const larger = Buffer.allocUnsafe(2 * (this.#filtersLength + length));
      larger.set(this.#filters.subarray(0, this.#filtersLength));
      this.#filters = larger;
    }
    this.#filtersLength += length;
    return this.#filters.subarray(this.#filtersLength - length, this.#filtersLength);
  }

  #fold(text: Uint8Array): Uint8Array {
    if (this.#folded.length < text.length) this.#folded = new Uint8Array(2 * text.length);
    return this.#folded.subarray(0, foldUtf8(text, this.#folded));
  }
}

/** Whether one of the three bytes is a line feed; such trigrams are not indexed. */
export function holdsLineFeed(trigram: number): boolean {
  return (
    (trigram & 0xff) === LINE_FEED || ((trigram >>> 8) & 0xff) === LINE_FEED || trigram >>> 16 === LINE_FEED
  );
}

function joinTables(tables: readonly Uint32Array[]): Uint32Array {
  const joined = new Uint32Array(tables.reduce((sum, table) => sum + table.length, 0));
  let length = 0;
  for (const table of tables) {
    joined.set(table, length);
    length += table.length;
  }
  return joined;
}
