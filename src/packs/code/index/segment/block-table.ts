// How the content of one segment is divided: blobs into blocks of whole lines, blocks into bytes.

/** The tables as they lie in the segment file; entry n + 1 ends what entry n begins. */
export interface BlockSections {
  readonly offsets: Uint32Array;
  readonly lines: Uint32Array;
  readonly ascii: Uint8Array;
  readonly firstBlocks: Uint32Array;
}

/** Resident, and about 3 % of the content. */
export class BlockTable {
  readonly blockCount: number;
  readonly blobCount: number;
  readonly #sections: BlockSections;
  readonly #blobOfBlock: Uint32Array;

  constructor(sections: BlockSections) {
    this.#sections = sections;
    this.blobCount = sections.firstBlocks.length - 1;
    this.blockCount = sections.offsets.length - 1;
    this.#blobOfBlock = new Uint32Array(this.blockCount);
    for (let blob = 0; blob < this.blobCount; blob++) {
      this.#blobOfBlock.fill(blob, sections.firstBlocks[blob], sections.firstBlocks[blob + 1]);
    }
  }

  /** The blob that a block belongs to. */
  blobOf(block: number): number {
    return this.#blobOfBlock[block] ?? 0;
  }

  /** The blocks of a blob: `[first, after last]`. */
  blocksOf(blob: number): readonly [number, number] {
    const { firstBlocks } = this.#sections;
    return [firstBlocks[blob] ?? 0, firstBlocks[blob + 1] ?? 0];
  }

  /** Number, from 1, of the first line of a block. */
  firstLineOf(block: number): number {
    return this.#sections.lines[block] ?? 1;
  }

  /** Whether every byte of a block is ASCII. */
  isAscii(block: number): boolean {
    return this.#sections.ascii[block] === 1;
  }

  /** Where a block begins in the content section, in bytes. */
  offsetOf(block: number): number {
    return this.#sections.offsets[block] ?? 0;
  }

  /** Bytes in blocks `first` to `after - 1`, which lie one after the other. */
  sizeOf(first: number, after: number): number {
    return this.offsetOf(after) - this.offsetOf(first);
  }
}
