// One posting list: the blocks that hold a trigram, as varint gaps or, when that is shorter, as a bitmap.
// The two are told apart by length: a gap list is always shorter than a bitmap of the segment's blocks.

const ROOM_FIRST = 1 << 12;
/** A block number has 16 bits, a byte of a gap carries 7. */
const GAP_BYTES_MAX = 3;

/** Bytes of a bitmap with one bit per block. */
export function bitmapBytes(blockCount: number): number {
  return Math.ceil(blockCount / 8);
}

/** Gathers the posting lists of a segment, in the order of their trigrams. */
export class PostingBuffer {
  readonly #blockCount: number;
  #keys = new Uint32Array(ROOM_FIRST);
  #ends = new Uint32Array(ROOM_FIRST);
  #lists = new Uint8Array(ROOM_FIRST);
  #size = 0;
  #written = 0;

  constructor(blockCount: number) {
    this.#blockCount = blockCount;
  }

  /** Adds a trigram, larger than the ones before, with the ascending blocks that hold it. */
  append(key: number, blocks: Uint16Array): void {
    if (this.#size === this.#keys.length) {
      this.#keys = grown(this.#keys, 2 * this.#size);
      this.#ends = grown(this.#ends, 2 * this.#size);
    }
    const needed = this.#written + GAP_BYTES_MAX * blocks.length + bitmapBytes(this.#blockCount);
    if (needed > this.#lists.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#lists.length));
      larger.set(this.#lists);
      this.#lists = larger;
    }
    this.#written = encodeList(blocks, this.#blockCount, { lists: this.#lists, written: this.#written });
    this.#keys[this.#size] = key;
    this.#ends[this.#size++] = this.#written;
  }

  /** The tables; valid until the next append. */
  finish(): { keys: Uint32Array; ends: Uint32Array; lists: Uint8Array } {
    return {
      keys: this.#keys.subarray(0, this.#size),
      ends: this.#ends.subarray(0, this.#size),
      lists: this.#lists.subarray(0, this.#written),
    };
  }
}

function grown(table: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length);
  larger.set(table);
  return larger;
}

function encodeList(
  blocks: Uint16Array,
  blockCount: number,
  out: { readonly lists: Uint8Array; readonly written: number },
): number {
  const bitmapLength = bitmapBytes(blockCount);
  const { lists, written } = out;
  let position = written;
  let previous = -1;
  // A gap takes at least a byte, so this many blocks are always shorter as a bitmap.
  for (let i = 0; i < blocks.length && position - written < bitmapLength; i++) {
    const block = blocks[i] as number;
    let gap = block - previous - 1;
    previous = block;
    while (gap >= 0x80) {
      lists[position++] = (gap & 0x7f) | 0x80;
      gap >>>= 7;
    }
    lists[position++] = gap;
  }
  if (position - written < bitmapLength) return position;
  lists.fill(0, written, written + bitmapLength);
  for (let i = 0; i < blocks.length; i++) {
    const block = blocks[i] as number;
    lists[written + (block >>> 3)] = (lists[written + (block >>> 3)] as number) | (1 << (block & 7));
  }
  return written + bitmapLength;
}

/** The block numbers of a list. */
export function decodePostings(list: Uint8Array, blockCount: number): Uint16Array {
  if (list.length === bitmapBytes(blockCount)) return decodeBitmap(list, blockCount);
  const blocks = new Uint16Array(list.length);
  let size = 0;
  let block = -1;
  let gap = 0;
  let shift = 0;
  for (let i = 0; i < list.length; i++) {
    const byte = list[i] as number;
    gap |= (byte & 0x7f) << shift;
    if (byte >= 0x80) {
      shift += 7;
      continue;
    }
    block += gap + 1;
    blocks[size++] = block;
    gap = 0;
    shift = 0;
  }
  return blocks.subarray(0, size);
}

/** The members of `candidates` (ascending) that are in the list. */
export function intersectPostings(
  candidates: Uint16Array,
  list: Uint8Array,
  blockCount: number,
): Uint16Array {
  const kept = new Uint16Array(candidates.length);
  let size = 0;
  if (list.length === bitmapBytes(blockCount)) {
    for (const block of candidates) {
      if (((list[block >>> 3] ?? 0) & (1 << (block & 7))) !== 0) kept[size++] = block;
    }
    return kept.subarray(0, size);
  }
  return intersectSorted(candidates, decodePostings(list, blockCount));
}

/** The members of both ascending lists. */
export function intersectSorted(a: Uint16Array, b: Uint16Array): Uint16Array {
  const kept = new Uint16Array(Math.min(a.length, b.length));
  let size = 0;
  let j = 0;
  for (let i = 0; i < a.length && j < b.length; i++) {
    const value = a[i] as number;
    while (j < b.length && (b[j] as number) < value) j++;
    if (j < b.length && b[j] === value) kept[size++] = value;
  }
  return kept.subarray(0, size);
}

/** The members of either ascending list. */
export function unionSorted(a: Uint16Array, b: Uint16Array): Uint16Array {
  const merged = new Uint16Array(a.length + b.length);
  let size = 0;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = i < a.length ? (a[i] as number) : Number.POSITIVE_INFINITY;
    const right = j < b.length ? (b[j] as number) : Number.POSITIVE_INFINITY;
    merged[size++] = Math.min(left, right);
    if (left <= right) i++;
    if (right <= left) j++;
  }
  return merged.subarray(0, size);
}

function decodeBitmap(list: Uint8Array, blockCount: number): Uint16Array {
  const blocks = new Uint16Array(blockCount);
  let size = 0;
  for (let byteIndex = 0; byteIndex < list.length; byteIndex++) {
    for (let bits = list[byteIndex] ?? 0; bits !== 0; bits &= bits - 1) {
      blocks[size++] = byteIndex * 8 + 31 - Math.clz32(bits & -bits);
    }
  }
  return blocks.subarray(0, size);
}
