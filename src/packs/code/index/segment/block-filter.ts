// One small Bloom filter per block, of its runs of four folded bytes. Trigrams tell which blocks have all the pieces of
// a literal somewhere; in source text the pieces of most names are everywhere, and four bytes in a row are far rarer.
// Asking a filter costs some 20 ns, reading and looking through a block 10 us.

import { ASCII_FOLD } from './case-fold.ts';

/** Bytes of a run, as many as fit a 32-bit word. */
const RUN_BYTES = 4;
/** Eight bits for ten bytes of text: runs repeat, so three of ten bits are set. */
const TEXT_BYTES_PER_FILTER_BYTE = 10;
/** Bits of the filters that the kernel makes, whose positions have 16 bits. Longer ones are of blocks of one enormous line. */
export const KERNEL_FILTER_BITS_MAX: number = 1 << 16;
const TWO_TO_32 = 2 ** 32;
/** Odd, and about 2^32 over the golden ratio: spreads runs that differ in a few bits. */
const SPREAD = 0x9e3779b1;

/** Bytes of the filter of a block of this many bytes; at least one. */
export function filterBytes(blockBytes: number): number {
  return 1 + Math.floor(blockBytes / TEXT_BYTES_PER_FILTER_BYTE);
}

/** The bit of a filter with `bits` bits that stands for a run. */
export function filterBit(run: number, bits: number): number {
  const spread = Math.imul(run, SPREAD) >>> 0;
  return bits <= KERNEL_FILTER_BITS_MAX
    ? Math.imul(spread >>> 16, bits) >>> 16
    : Math.floor((spread * bits) / TWO_TO_32);
}

/** Sets the bits of the runs of a folded text that is longer than what the kernel takes; `filter` is all zero before. */
export function fillFilter(filter: Uint8Array, text: Uint8Array): void {
  const bits = filter.length * 8;
  let run = 0;
  for (let at = 0; at < text.length; at++) {
    run = (run << 8) | (ASCII_FOLD[text[at] as number] as number);
    if (at + 1 < RUN_BYTES) continue;
    const bit = filterBit(run, bits);
    filter[bit >>> 3] = (filter[bit >>> 3] as number) | (1 << (bit & 7));
  }
}

/** The distinct runs of a folded byte string; none of one that is shorter than a run. */
export function runsOf(literal: Uint8Array): Uint32Array {
  const runs = new Set<number>();
  let run = 0;
  for (const [index, byte] of literal.entries()) {
    run = (run << 8) | byte;
    if (index + 1 >= RUN_BYTES) runs.add(run >>> 0);
  }
  return Uint32Array.from(runs);
}

/** The filters of a segment, one after the other. */
export class BlockFilters {
  readonly #bytes: Uint8Array;
  readonly #starts: Uint32Array;

  /** `offsets` are those of the blocks in the content, and the end of the last. */
  constructor(bytes: Uint8Array, offsets: Uint32Array) {
    this.#bytes = bytes;
    this.#starts = new Uint32Array(offsets.length);
    for (let block = 0; block + 1 < offsets.length; block++) {
      const size = (offsets[block + 1] as number) - (offsets[block] as number);
      this.#starts[block + 1] = (this.#starts[block] as number) + filterBytes(size);
    }
  }

  /** The blocks that may hold every run. */
  narrow(blocks: Uint16Array, runs: Uint32Array): Uint16Array {
    const kept = new Uint16Array(blocks.length);
    let size = 0;
    for (const block of blocks) if (this.#mayHold(block, runs)) kept[size++] = block;
    return kept.subarray(0, size);
  }

  #mayHold(block: number, runs: Uint32Array): boolean {
    const start = this.#starts[block] as number;
    const bits = ((this.#starts[block + 1] as number) - start) * 8;
    for (let i = 0; i < runs.length; i++) {
      const bit = filterBit(runs[i] as number, bits);
      if (((this.#bytes[start + (bit >>> 3)] as number) & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }
}
