// What a prepared handler's memory holds beyond that of the empty isolate: a few pages instead of all of it.

/** Bytes compared and stored as one; small, because a prepared handler touches little here and there. */
const PAGE_BYTES = 1024;

/** The memory of an isolate at one moment, as its difference to a base. */
export interface MemoryImage {
  /** Bytes of the memory as a whole. */
  readonly byteLength: number;
  /** Offsets of the pages that differ, and their bytes one after another. */
  readonly offsets: readonly number[];
  readonly pages: Uint8Array;
}

/** Beyond the base's end, memory counts as zero. */
export function imageOf(memory: Uint8Array, base: Uint8Array): MemoryImage {
  const before = Buffer.from(base.buffer, base.byteOffset, base.byteLength);
  const now = Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength);
  const zeros = Buffer.alloc(PAGE_BYTES);
  const offsets: number[] = [];
  for (let at = 0; at < now.length; at += PAGE_BYTES) {
    const known = at < before.length ? before.subarray(at, at + PAGE_BYTES) : zeros;
    if (now.compare(known, 0, known.length, at, at + PAGE_BYTES) !== 0) offsets.push(at);
  }
  const pages = Buffer.alloc(offsets.length * PAGE_BYTES);
  for (const [index, at] of offsets.entries()) now.copy(pages, index * PAGE_BYTES, at, at + PAGE_BYTES);
  return { byteLength: memory.byteLength, offsets, pages };
}

/** Makes `memory`, which is at least as long, what it was when the image was taken. */
export function restore(memory: Uint8Array, base: Uint8Array, image: MemoryImage): void {
  memory.set(base);
  if (image.byteLength > base.byteLength) memory.fill(0, base.byteLength, image.byteLength);
  for (const [index, at] of image.offsets.entries()) {
    memory.set(image.pages.subarray(index * PAGE_BYTES, (index + 1) * PAGE_BYTES), at);
  }
}
