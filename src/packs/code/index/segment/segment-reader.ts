// Serves one segment: which blocks hold a literal, what a block contains, where its blobs lie.
// The tables are resident (about 3 % of the content), content is read by position, postings either way.

import { BlockFilters, runsOf } from './block-filter.ts';
import { BlockTable } from './block-table.ts';
import { ASCII_FOLD } from './case-fold.ts';
import { decodePostings, intersectPostings } from './posting-list.ts';
import { SectionFile } from './section-file.ts';
import { sectionTable } from './segment-layout.ts';
import type { SegmentRecord } from './segment-writer.ts';
import { holdsLineFeed } from './trigram-collector.ts';

/** Bytes of a git blob id. */
export const BLOB_ID_BYTES = 20;

/** Trigrams consulted per literal: the rarest ones; more cost reads and remove nothing. */
const TRIGRAMS_MAX = 24;
/**
 * Costs in nanoseconds, measured: a list is read while that costs less than half of what comes next for the candidates
 * that are left, since it may remove about half of them. What comes next is a look at their filters, each a miss of the
 * processor's cache or two, and then a look at their text.
 */
const LIST_COST = 4_000;
const LIST_BYTE_COST = 3;
const FILTER_COST = 200;
const CANDIDATE_COST = 5_000;
const NO_BLOCKS = new Uint16Array(0);

/** Where a list lies among the postings. */
interface PostingPlace {
  readonly start: number;
  readonly length: number;
}

/** One open segment. */
export class SegmentReader {
  readonly record: SegmentRecord;
  readonly blocks: BlockTable;
  readonly #file: SectionFile;
  readonly #keys: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #ids: Buffer;
  /** Every posting list, when they are kept in memory. */
  readonly #postings: Buffer | undefined;
  /** Kept in memory where posting lists are: asked one by one from the disk they would cost more than they save. */
  readonly #filters: BlockFilters | undefined;
  #blobOfId: Map<string, number> | undefined;

  /**
   * Opens and checks a segment. With `residentPostings` its posting lists and filters are read once, which spares a
   * system call per trigram and most blocks that hold the pieces of a literal but not the literal. @throws TextIndexError `index_corrupt`.
   */
  constructor(
    directory: string,
    record: SegmentRecord,
    options: { readonly residentPostings?: boolean } = {},
  ) {
    const file = SectionFile.open(`${directory}/${record.file}`, record);
    try {
      this.#keys = sectionTable(file.read('keys'));
      this.#ends = sectionTable(file.read('ends'));
      const offsets = sectionTable(file.read('blockOffsets'));
      this.blocks = new BlockTable({
        offsets,
        lines: sectionTable(file.read('blockLines')),
        ascii: file.read('blockAscii'),
        firstBlocks: sectionTable(file.read('firstBlocks')),
      });
      this.#ids = file.read('ids');
      const isResident = options.residentPostings === true;
      this.#postings = isResident ? file.read('postings') : undefined;
      this.#filters = isResident ? new BlockFilters(file.read('blockFilters'), offsets) : undefined;
    } catch (error) {
      file.close();
      throw error;
    }
    this.record = record;
    this.#file = file;
  }

  /** Bytes of posting lists, their key table and the filters. */
  get postingBytes(): number {
    return ['postings', 'keys', 'ends', 'blockFilters'].reduce(
      (sum, name) => sum + this.#file.lengthOf(name),
      0,
    );
  }

  /** Bytes of posting lists and filters kept in memory. */
  get residentBytes(): number {
    return this.#postings === undefined ? 0 : this.#postings.length + this.#file.lengthOf('blockFilters');
  }

  /** The id of a blob, in hexadecimal. */
  blobId(blob: number): string {
    return this.#ids.toString('hex', blob * BLOB_ID_BYTES, (blob + 1) * BLOB_ID_BYTES);
  }

  /** Number of the blob with this hexadecimal id. */
  findBlob(id: string): number | undefined {
    if (this.#blobOfId === undefined) {
      this.#blobOfId = new Map();
      for (let blob = 0; blob < this.blocks.blobCount; blob++) this.#blobOfId.set(this.blobId(blob), blob);
    }
    return this.#blobOfId.get(id);
  }

  /** Fills `target` with the content from the block `first` on. */
  readText(first: number, target: Uint8Array): void {
    this.#file.readInto('content', this.blocks.offsetOf(first), target);
  }

  /** The whole content of a blob. */
  readBlob(blob: number): Buffer {
    const [first, after] = this.blocks.blocksOf(blob);
    const content = Buffer.allocUnsafe(this.blocks.sizeOf(first, after));
    this.readText(first, content);
    return content;
  }

  /**
   * Blocks, of `within` where that is given, that hold every trigram of a folded literal, as far as that is worth looking:
   * a superset of those that hold it.
   */
  candidates(literal: string, within?: Uint16Array): Uint16Array {
    const lists = this.#lists(literal);
    if (lists === undefined) return NO_BLOCKS;
    let blocks = within ?? this.#firstOf(lists);
    if (this.#filters !== undefined) {
      blocks = this.#intersect(blocks, lists, FILTER_COST);
      blocks = this.#filters.narrow(blocks, runsOf(foldedBytes(literal)));
    }
    return this.#intersect(blocks, lists, CANDIDATE_COST);
  }

  /** Verifies every checksum of the file. @throws TextIndexError `index_corrupt`. */
  verify(): void {
    this.#file.verify();
  }

  /** Releases the file. */
  close(): void {
    this.#file.close();
  }

  #firstOf(lists: PostingPlace[]): Uint16Array {
    const first = lists.shift();
    return first === undefined ? NO_BLOCKS : decodePostings(this.#readList(first), this.blocks.blockCount);
  }

  /** Takes lists from the front of `lists` while one is worth its cost, with `candidateCost` still ahead of each block. */
  #intersect(blocks: Uint16Array, lists: PostingPlace[], candidateCost: number): Uint16Array {
    let left = blocks;
    for (let list = lists[0]; list !== undefined; list = lists[0]) {
      if (LIST_COST + list.length * LIST_BYTE_COST > (left.length * candidateCost) / 2) break;
      left = intersectPostings(left, this.#readList(list), this.blocks.blockCount);
      lists.shift();
    }
    return left;
  }

  // Shortest first. Undefined when a trigram is absent, which rules out every block.
  #lists(literal: string): PostingPlace[] | undefined {
    const lists: PostingPlace[] = [];
    for (const key of trigramsOf(literal)) {
      const index = findKey(this.#keys, key);
      if (index < 0) return undefined;
      const start = index === 0 ? 0 : (this.#ends[index - 1] ?? 0);
      lists.push({ start, length: (this.#ends[index] ?? 0) - start });
    }
    return lists.sort((a, b) => a.length - b.length).slice(0, TRIGRAMS_MAX);
  }

  #readList(list: PostingPlace): Uint8Array {
    if (this.#postings !== undefined) return this.#postings.subarray(list.start, list.start + list.length);
    const bytes = Buffer.allocUnsafe(list.length);
    this.#file.readInto('postings', list.start, bytes);
    return bytes;
  }
}

/** The distinct trigrams of a folded byte string that are indexed. */
export function trigramsOf(literal: string): Set<number> {
  const keys = new Set<number>();
  for (let i = 0; i + 2 < literal.length; i++) {
    const key = (byteAt(literal, i) << 16) | (byteAt(literal, i + 1) << 8) | byteAt(literal, i + 2);
    if (!holdsLineFeed(key)) keys.add(key);
  }
  return keys;
}

function foldedBytes(literal: string): Uint8Array {
  return Uint8Array.from(literal, (_, index) => byteAt(literal, index));
}

function byteAt(text: string, index: number): number {
  return ASCII_FOLD[text.charCodeAt(index)] ?? 0;
}

function findKey(keys: Uint32Array, key: number): number {
  let low = 0;
  let high = keys.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = keys[middle] as number;
    if (found === key) return middle;
    if (found < key) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
