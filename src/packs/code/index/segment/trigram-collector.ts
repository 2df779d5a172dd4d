// Collects the distinct trigrams of each block and turns them into postings.
// A trigram is three consecutive bytes of the case-folded text, as a 24-bit number; none spans a line feed.
// Pairs of trigram and block are kept apart by the first byte of the trigram, so that sorting them at the end
// works on pieces that fit the processor's cache.

import { isAscii } from 'node:buffer';
import { filterBytes } from './block-filter.ts';
import { foldUtf8 } from './case-fold.ts';
import { bitmapBytes } from './posting-list.ts';
import {
  KERNEL_TEXT_MAX,
  KernelPlace,
  returnKernel,
  type TrigramKernel,
  takeKernel,
} from './trigram-kernel.ts';

const LINE_FEED = 0x0a;
const FIRST_BYTES = 256;
const WORD_BYTES = 4;

/** Postings of a segment: sorted trigrams, where the list of each ends, and the lists; and the filters of its blocks. */
export interface Postings {
  readonly keys: Uint32Array;
  readonly ends: Uint32Array;
  readonly lists: Uint8Array;
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
  /** Where the trigrams of each block end, in the kernel's memory. */
  readonly #blockEnds: number[] = [];
  readonly #filters: Buffer[] = [];
  #folded = new Uint8Array(0);

  /** Blocks added so far. */
  get blocks(): number {
    return this.#blockEnds.length;
  }

  /** Adds the next block. */
  addBlock(text: Uint8Array): BlockFacts {
    const kernel = this.#kernel;
    const ascii = isAscii(text);
    const folded = ascii ? text : this.#fold(text);
    const filterLength = filterBytes(text.length);
    const bits = 8 * filterLength;
    let lineFeeds = 0;
    kernel.run.begin();
    for (let at = 0; at < folded.length; at += KERNEL_TEXT_MAX) {
      const piece = folded.length <= KERNEL_TEXT_MAX ? folded : folded.subarray(at, at + KERNEL_TEXT_MAX);
      // Every byte adds at most one trigram, and a last one is written before it turns out not to be new.
      kernel.reserve(kernel.run.top.value + WORD_BYTES * (piece.length + WORD_BYTES));
      kernel.bytes.set(piece, KernelPlace.text);
      lineFeeds += kernel.run.add(piece.length, bits);
    }
    kernel.run.end(bits);
    const filter = kernel.bytes.subarray(KernelPlace.filter, KernelPlace.filter + filterLength);
    this.#filters.push(Buffer.from(filter));
    this.#blockEnds.push(kernel.run.top.value);
    return { ascii, lineFeeds };
  }

  /** Sorts what was collected into postings. The collector is spent afterwards. */
  finish(): Postings {
    const kernel = this.#kernel;
    const start = this.#spreadPairs();
    const bitmap = bitmapBytes(this.blocks);
    const keys: Uint32Array[] = [];
    const ends: Uint32Array[] = [];
    const lists: Buffer[] = [];
    // The trigrams are among the pairs now, and their place is room for sorting these and for the lists.
    const room = KernelPlace.trigrams;
    let from = start;
    let written = 0;
    for (const [first, size] of kernel.table(KernelPlace.sizes, FIRST_BYTES).entries()) {
      if (size === 0) continue;
      const to = from + WORD_BYTES * size;
      kernel.run.sort(from, to, room);
      const count = kernel.run.encode(from, to, room, bitmap, first, written);
      keys.push(kernel.table(KernelPlace.keys, count));
      ends.push(kernel.table(KernelPlace.ends, count));
      lists.push(Buffer.from(kernel.bytes.subarray(room, kernel.run.written.value)));
      written += kernel.run.written.value - room;
      from = to;
    }
    returnKernel(kernel);
    const filters = Buffer.concat(this.#filters);
    return { keys: joinTables(keys), ends: joinTables(ends), lists: Buffer.concat(lists), filters };
  }

  // Behind the trigrams, where the pairs of each first byte lie together. Returns where the first of them is.
  #spreadPairs(): number {
    const { run } = this.#kernel;
    const start = run.top.value;
    this.#kernel.reserve(start + (start - KernelPlace.trigrams));
    run.lay(start);
    let from: number = KernelPlace.trigrams;
    for (const [block, to] of this.#blockEnds.entries()) {
      run.spread(from, to, block);
      from = to;
    }
    return start;
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
