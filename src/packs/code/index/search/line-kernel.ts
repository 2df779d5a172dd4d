// The kernel of searching, WebAssembly because several times as fast as native searches for each line: its instance and
// its memory. What it does is written in line-kernel.wat, from which `npm run generate` makes line-kernel-code.ts.

import { lineKernelCode } from './line-kernel-code.ts';
import { NEEDLE_LENGTH_MAX, type Needle } from './needle.ts';

/** As much of the global as is used here; Node's types leave it to those of browsers. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  lines(from: number, end: number, needles: number, max: number): number;
}

// Where things lie, as listed in the kernel's source.
const NEEDLE_BYTES = 0x1100;
const SETS = 0x20;
const SET_BYTES = 32;
const LINES = 0x10000;
const TEXT = 0x21000;
/** The kernel compares whole steps of 64 bytes with each probe, also where the text ends. */
const SLACK_BYTES = 64 + NEEDLE_LENGTH_MAX;
const PAGE_BYTES = 1 << 16;
/** A kernel whose memory a giant line made grow above this is thrown away after it. */
const BYTES_MAX = 4 << 20;

/** A text in the kernel's memory. It stays there until the next one is put there: nobody may pause with it. */
export interface KernelText {
  /** The whole memory; places are offsets into it. */
  readonly bytes: Buffer;
  readonly start: number;
}

/** One instance, shared by all searches of the thread. */
export class LineKernel {
  readonly #run: KernelExports;
  #bytes: Buffer;
  #view: DataView;
  #loaded: readonly Needle[] = [];

  constructor() {
    const code = new WebAssembly.Module(Buffer.from(lineKernelCode, 'base64'));
    this.#run = parseExports(new WebAssembly.Instance(code).exports);
    this.#bytes = Buffer.from(this.#run.memory.buffer);
    this.#view = new DataView(this.#run.memory.buffer);
  }

  /** Room for a text of this size. */
  reserve(size: number): KernelText {
    const missing = TEXT + size + SLACK_BYTES - this.#bytes.length;
    if (missing > 0) {
      this.#run.memory.grow(Math.ceil(missing / PAGE_BYTES));
      this.#bytes = Buffer.from(this.#run.memory.buffer);
      this.#view = new DataView(this.#run.memory.buffer);
    }
    return { bytes: this.#bytes, start: TEXT };
  }

  /**
   * Finds the lines of the text from `from` to before `end` that hold a needle; a block has no more of them than there is
   * room for. Returns how many; each is told by {@link lineStart} and {@link lineEnd} until the next call.
   */
  findLines(needles: readonly Needle[], text: { from: number; end: number }, max: number): number {
    if (this.#loaded !== needles) this.#load(needles);
    const room = (TEXT - LINES) / 8;
    return this.#run.lines(text.from, text.end, needles.length * NEEDLE_BYTES, Math.min(max, room));
  }

  /** Place of the first byte of a line that was found. */
  lineStart(line: number): number {
    return this.#view.getUint32(LINES + 8 * line, true);
  }

  /** Place of its line feed, or where the text ends. */
  lineEnd(line: number): number {
    return this.#view.getUint32(LINES + 8 * line + 4, true);
  }

  /** Whether it grew too large to be kept. */
  get isLarge(): boolean {
    return this.#bytes.length > BYTES_MAX;
  }

  #load(needles: readonly Needle[]): void {
    for (const [index, { sets, probes }] of needles.entries()) {
      const at = index * NEEDLE_BYTES;
      const words = [...probes.flatMap(({ offset, mask, byte }) => [offset, mask, byte]), sets.length];
      for (const [word, value] of words.entries()) this.#view.setUint32(at + 4 * word, value, true);
      for (const [offset, set] of sets.entries()) this.#bytes.set(set, at + SETS + SET_BYTES * offset);
    }
    this.#loaded = needles;
  }
}

let shared: LineKernel | undefined;

/** The kernel of this thread; to be asked for anew after every pause. */
export function lineKernel(): LineKernel {
  if (shared?.isLarge !== false) shared = new LineKernel();
  return shared;
}

// The code is of this repository, and its exports are those of its source.
function parseExports(exports: unknown): KernelExports {
  return exports as KernelExports;
}
