// The kernel of indexing, WebAssembly because three times as fast as the same in TypeScript: its instance and its memory.
// What it does is written in trigram-kernel.wat, from which `npm run generate` makes trigram-kernel-code.ts.

import { sectionTable } from './segment-layout.ts';
import { trigramKernelCode } from './trigram-kernel-code.ts';

/** As much of the global as is used here; Node's types leave it to those of browsers. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** What the kernel exports; places and sizes are in bytes. */
interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /** Where the next distinct trigram goes. */
  readonly top: { readonly value: number };
  /** Where the next chunk of pairs goes. */
  readonly free: { readonly value: number };
  /** Where the lists of {@link encode} end. */
  readonly written: { readonly value: number };
  forget(): void;
  reset(): void;
  begin(): void;
  add(length: number, filterBits: number): number;
  filter(filterBits: number): void;
  unsee(): void;
  keep(from: number, to: number, block: number): void;
  rewind(): void;
  size(first: number): number;
  sort(first: number, size: number, from: number, room: number): void;
  encode(from: number, to: number, out: number, bitmap: number, first: number, base: number): number;
}

/** Text that the kernel takes at a time. */
export const KERNEL_TEXT_MAX = 1 << 16;
/** Trigrams that wait until there are this many bytes of them are kept in one go, which is faster than block by block. */
export const KERNEL_TRIGRAM_BYTES = 1 << 19;
/** Pairs lie in chunks of which each belongs to one first byte. */
export const KERNEL_CHUNK_BYTES = 1 << 12;
/** Where things lie, as listed in the kernel's source. */
export const KernelPlace = {
  filter: 0x210000,
  text: 0x214010,
  keys: 0x225000,
  ends: 0x265000,
  trigrams: 0x2b0000,
} as const;
const WORD_BYTES = 4;
const PAGE_BYTES = 1 << 16;

/** One instance; used for one segment at a time. */
export class TrigramKernel {
  readonly run: KernelExports;
  /** The whole memory; another object once {@link reserve} made it grow. */
  bytes: Buffer;

  constructor() {
    const code = new WebAssembly.Module(Buffer.from(trigramKernelCode, 'base64'));
    this.run = parseExports(new WebAssembly.Instance(code).exports);
    this.bytes = Buffer.from(this.run.memory.buffer);
    this.run.forget();
  }

  /** A copy of the table of 32-bit words at `from`. */
  table(from: number, length: number): Uint32Array {
    return sectionTable(this.bytes.subarray(from, from + WORD_BYTES * length));
  }

  /** Makes sure that there is memory up to `end`. */
  reserve(end: number): void {
    const missing = end - this.bytes.length;
    if (missing <= 0) return;
    // Each time it grows the garbage collector takes all of it for new, and what is not written to takes no memory.
    this.run.memory.grow(Math.ceil(Math.max(missing, this.bytes.length) / PAGE_BYTES));
    this.bytes = Buffer.from(this.run.memory.buffer);
  }
}

/** Kernels that are not in use: one for each segment that this thread ever had open at the same time. */
const idle: TrigramKernel[] = [];

/** A kernel that holds no block. */
export function takeKernel(): TrigramKernel {
  const kernel = idle.pop() ?? new TrigramKernel();
  kernel.run.reset();
  return kernel;
}

/** Hands a kernel back, which must not be in the middle of a block. One that failed is left to the garbage collector. */
export function returnKernel(kernel: TrigramKernel): void {
  idle.push(kernel);
}

// The code is of this repository, and its exports are those of its source.
function parseExports(exports: unknown): KernelExports {
  return exports as KernelExports;
}
