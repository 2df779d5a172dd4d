// One posting list: the blocks that hold a trigram, as varint gaps or, when that is shorter, as a bitmap.
// The two are told apart by length: a gap list is always shorter than a bitmap of the segment's blocks. They are written
// by trigram-kernel.wat.

/** Bytes of a bitmap with one bit per block. */
export function bitmapBytes(blockCount: number): number {
  return Math.ceil(blockCount / 8);
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
