// Finds the matching lines of a block. The kernel looks for the anchor's needles; the automaton judges only the lines
// they are on, or the whole block where there is no anchor.

import { LazyDfa, type ScanOutcome } from '../regex/lazy-dfa.ts';
import { type MatchSpan, PikeMachine } from '../regex/pike-machine.ts';
import type { RegexProgram } from '../regex/regex-program.ts';
import { type Anchor, findNeedle } from './anchor.ts';
import { type LineKernel, lineKernel } from './line-kernel.ts';
import { STRAYS } from './needle.ts';
import { isWordPart, type WordPart } from './word-part.ts';

/** Bytes the automaton reads before other queries get a turn: about 0.2 ms. */
const PIECE_BYTES = 32 << 10;
/** Bytes the thread machine reads before other queries get a turn; it is some twenty times slower. */
export const PIKE_PIECE_BYTES = 2 << 10;
const LINE_FEED = 0x0a;
const ASCII_LIMIT = 0x80;

/** How many lines are wanted, and where their offsets go. */
export interface LineSink {
  readonly max: number;
  /** Offset in the block of the first byte of each matching line, ascending. */
  readonly starts: number[];
}

/** A block of whole lines in the memory of the kernel. */
export interface KernelBlock {
  readonly from: number;
  readonly end: number;
  readonly isAscii: boolean;
}

/** Judges lines by one pattern; not re-entrant. */
export class LineMatcher {
  readonly #program: RegexProgram;
  readonly #anchor: Anchor | undefined;
  // Many a search finds its answer by literals alone, and its tables would be thrown away unread.
  #lazyDfa: LazyDfa | undefined;
  #lazyPike: PikeMachine | undefined;
  readonly #part: WordPart | undefined;

  /** With `part` only lines that hold it are collected, whatever else the pattern matches. */
  constructor(program: RegexProgram, anchor: Anchor | undefined, part?: WordPart) {
    this.#program = program;
    this.#anchor = anchor;
    this.#part = part;
  }

  get #dfa(): LazyDfa {
    this.#lazyDfa ??= new LazyDfa(this.#program);
    return this.#lazyDfa;
  }

  get #pike(): PikeMachine {
    this.#lazyPike ??= new PikeMachine(this.#program);
    return this.#lazyPike;
  }

  /** Whether {@link count} can judge any block. */
  get hasNeedles(): boolean {
    return this.#anchor !== undefined && this.#part === undefined;
  }

  /**
   * The number of matching lines of a block that lies in the kernel, at most `max`; undefined where only {@link collect}
   * can tell.
   */
  count(block: KernelBlock, max: number): number | undefined {
    const kernel = lineKernel();
    const found = this.#findLines(kernel, block, max);
    if (found === undefined || found === 0 || this.#anchor?.isDecisive === true) return found;
    let lines = 0;
    const { bytes } = kernel.reserve(0);
    for (let line = 0; line < found && lines < max; line++) {
      const verdict = this.#judge(bytes, kernel.lineStart(line), kernel.lineEnd(line));
      if (verdict === 'quit') return undefined;
      if (verdict === 'match') lines++;
    }
    return lines;
  }

  /** Collects the matching lines of a block of whole lines. Yields where the caller may do something else. */
  *collect(block: Buffer, isAscii: boolean, sink: LineSink): Generator<void, void> {
    if (this.#part !== undefined) {
      collectParts(block, this.#part, sink);
      return;
    }
    const lines = this.hasNeedles ? this.#linesWithNeedles(block, isAscii, sink.max) : undefined;
    if (lines === undefined) yield* this.#scanAll(block, sink);
    else yield* this.#scanLines(block, lines, sink);
  }

  /** The first match in the line `start..end` of `bytes`. */
  *locate(bytes: Buffer, start: number, end: number): Generator<void, MatchSpan | undefined> {
    const whole = this.#anchor?.whole;
    if (whole !== undefined && (this.#anchor?.hasStrays !== true || isAsciiOnly(bytes, start, end))) {
      const at = findNeedle(whole, bytes, { start, end });
      return at === undefined ? undefined : { start: at, end: at + whole.sets.length };
    }
    return yield* this.#pike.find({ bytes, start, end }, start, PIKE_PIECE_BYTES);
  }

  /** How many lines of a block hold a needle, which the kernel can tell then; undefined where others may match. */
  #findLines(kernel: LineKernel, { from, end, isAscii }: KernelBlock, max: number): number | undefined {
    const anchor = this.#anchor;
    if (anchor === undefined) return undefined;
    if (anchor.hasStrays && !isAscii) {
      const text = kernel.reserve(0).bytes.subarray(from, end);
      if (STRAYS.some((stray) => text.includes(stray))) return undefined;
    }
    return kernel.findLines(
      anchor.needles,
      { from, end },
      anchor.isDecisive ? max : Number.POSITIVE_INFINITY,
    );
  }

  /** Where the lines of a block that hold a needle begin and end, by turns. */
  #linesWithNeedles(block: Buffer, isAscii: boolean, max: number): readonly number[] | undefined {
    const kernel = lineKernel();
    const { bytes, start } = kernel.reserve(block.length);
    bytes.set(block, start);
    const found = this.#findLines(kernel, { from: start, end: start + block.length, isAscii }, max);
    if (found === undefined) return undefined;
    const lines: number[] = [];
    for (let line = 0; line < found; line++)
      lines.push(kernel.lineStart(line) - start, kernel.lineEnd(line) - start);
    return lines;
  }

  *#scanLines(block: Buffer, lines: readonly number[], sink: LineSink): Generator<void, void> {
    for (let line = 0; line < lines.length && sink.starts.length < sink.max; line += 2) {
      const [start, end] = [lines[line] ?? 0, lines[line + 1] ?? 0];
      const verdict = this.#anchor?.isDecisive === true ? 'match' : this.#judge(block, start, end);
      if (verdict === 'match' || (verdict === 'quit' && (yield* this.#matches(block, start, end))))
        sink.starts.push(start);
    }
  }

  *#scanAll(block: Buffer, sink: LineSink): Generator<void, void> {
    const dfa = this.#dfa;
    dfa.reset();
    let position = 0;
    while (position < block.length) {
      const piece = Math.min(position + PIECE_BYTES, block.length);
      const stop = dfa.scan(block, position, piece);
      if (dfa.outcome() === 'none') {
        position = stop;
        if (position < block.length) yield;
        else if (block[block.length - 1] !== LINE_FEED) dfa.finish();
        if (dfa.outcome() !== 'match') continue;
      }
      const at = Math.min(stop, block.length - 1);
      const start = lineStart(block, at);
      const end = lineEnd(block, at);
      if (dfa.outcome() === 'match' || (yield* this.#pikeMatches(block, start, end))) {
        sink.starts.push(start);
        if (sink.starts.length >= sink.max) return;
      }
      position = end + 1;
      dfa.reset();
    }
  }

  // Nearly all lines are short; judging them without a generator each is twice as fast. `quit` leaves the line to
  // the slower way.
  #judge(block: Buffer, start: number, end: number): ScanOutcome {
    if (end - start > PIECE_BYTES) return 'quit';
    const dfa = this.#dfa;
    dfa.reset();
    dfa.scan(block, start, end);
    if (dfa.outcome() === 'none') dfa.finish();
    return dfa.outcome();
  }

  *#matches(block: Buffer, start: number, end: number): Generator<void, boolean> {
    const dfa = this.#dfa;
    dfa.reset();
    for (let position = start; position < end; ) {
      const piece = Math.min(position + PIECE_BYTES, end);
      position = dfa.scan(block, position, piece);
      if (dfa.outcome() === 'match') return true;
      if (dfa.outcome() === 'quit') return yield* this.#pikeMatches(block, start, end);
      if (position < end) yield;
    }
    dfa.finish();
    return dfa.outcome() === 'match';
  }

  *#pikeMatches(block: Buffer, start: number, end: number): Generator<void, boolean> {
    return (yield* this.locate(block, start, end)) !== undefined;
  }
}

/** Latin-1 has one unit a byte, and its lower-casing leaves ASCII letters in their places in any UTF-8. */
function collectParts(block: Buffer, part: WordPart, { starts, max }: LineSink): void {
  const lower = block.toString('latin1').toLowerCase();
  const text = { bytes: block, lower };
  for (let hit = lower.indexOf(part.text); hit >= 0 && starts.length < max; ) {
    const isPart = isWordPart(text, hit, part);
    if (isPart) starts.push(lineStart(block, hit));
    hit = lower.indexOf(part.text, isPart ? lineEnd(block, hit) : hit + 1);
  }
}

function isAsciiOnly(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if ((bytes[at] as number) >= ASCII_LIMIT) return false;
  return true;
}

/** Offset of the first byte of the line that holds `position`. */
export function lineStart(bytes: Buffer, position: number): number {
  // lastIndexOf counts a negative offset from the end.
  return position === 0 ? 0 : bytes.lastIndexOf(LINE_FEED, position - 1) + 1;
}

/** Offset of the line feed that ends the line of `position`, or the end of the bytes. */
export function lineEnd(bytes: Buffer, position: number): number {
  const found = bytes.indexOf(LINE_FEED, position);
  return found < 0 ? bytes.length : found;
}
