// Finds the matching lines of a block. The anchor's literals are looked for natively; the automaton judges only
// the lines they are on, or the whole block where there is no anchor.

import { LazyDfa, type ScanOutcome } from '../regex/lazy-dfa.ts';
import { type MatchSpan, PikeMachine } from '../regex/pike-machine.ts';
import type { RegexProgram } from '../regex/regex-program.ts';
import type { Anchor, AnchorLiteral } from './anchor.ts';
import { isWordPart, type WordPart } from './word-part.ts';

/** Bytes the automaton reads before other queries get a turn: about 0.2 ms. */
const PIECE_BYTES = 32 << 10;
/** Bytes the thread machine reads before other queries get a turn; it is some twenty times slower. */
export const PIKE_PIECE_BYTES = 2 << 10;
const LINE_FEED = 0x0a;

/** How many lines are wanted, and where their offsets go. */
export interface LineSink {
  readonly max: number;
  /** Offset in the block of the first byte of each matching line, ascending. */
  readonly starts: number[];
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

  /** Collects the matching lines of a block of whole lines. Yields where the caller may do something else. */
  *collect(block: Buffer, ascii: boolean, sink: LineSink): Generator<void, void> {
    const anchor = this.#anchor;
    if (this.#part !== undefined) {
      collectParts(block, this.#part, sink);
    } else if (anchor === undefined || (!ascii && anchor.literals.some((literal) => literal.folded))) {
      yield* this.#scanAll(block, sink);
    } else {
      yield* this.#scanAnchored(block, anchor, sink);
    }
  }

  /** The first match in the line `start..end` of `bytes`. */
  *locate(bytes: Buffer, start: number, end: number): Generator<void, MatchSpan | undefined> {
    const literal =
      this.#anchor?.decisive === true && this.#anchor.literals.length === 1
        ? this.#anchor.literals[0]
        : undefined;
    if (literal !== undefined && !literal.folded) {
      const at = bytes.indexOf(literal.bytes, start);
      return { start: at, end: at + literal.bytes.length };
    }
    return yield* this.#pike.find({ bytes, start, end }, start, PIKE_PIECE_BYTES);
  }

  *#scanAnchored(block: Buffer, anchor: Anchor, sink: LineSink): Generator<void, void> {
    const search = new AnchorSearch(block, anchor.literals);
    for (let hit = search.next(0); hit >= 0; ) {
      const start = lineStart(block, hit);
      const end = lineEnd(block, hit);
      const verdict = anchor.decisive ? 'match' : this.#judge(block, start, end);
      if (verdict === 'match' || (verdict === 'quit' && (yield* this.#matches(block, start, end)))) {
        sink.starts.push(start);
        if (sink.starts.length >= sink.max) return;
      }
      hit = search.next(end + 1);
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

/** Walks the occurrences of any of a few literals, in order. */
class AnchorSearch {
  readonly #literals: readonly AnchorLiteral[];
  readonly #block: Buffer;
  readonly #lower: string | undefined;
  readonly #needles: readonly string[];
  /** Next known occurrence of each literal; -1 when there is none left. */
  readonly #hits: number[];

  constructor(block: Buffer, literals: readonly AnchorLiteral[]) {
    this.#literals = literals;
    this.#block = block;
    // Folded literals are only used on ASCII blocks, where Latin-1 lower-casing is ASCII lower-casing.
    this.#lower = literals.some((literal) => literal.folded)
      ? block.toString('latin1').toLowerCase()
      : undefined;
    this.#needles = literals.map((literal) => (literal.folded ? literal.bytes.toString('latin1') : ''));
    this.#hits = literals.map(() => -2);
  }

  /** The first occurrence at or after `from`, or -1. */
  next(from: number): number {
    let nearest = -1;
    for (let i = 0; i < this.#hits.length; i++) {
      let hit = this.#hits[i] as number;
      if (hit !== -1 && hit < from) {
        hit = this.#find(i, from);
        this.#hits[i] = hit;
      }
      if (hit >= 0 && (nearest < 0 || hit < nearest)) nearest = hit;
    }
    return nearest;
  }

  #find(index: number, from: number): number {
    const literal = this.#literals[index];
    if (literal === undefined || from >= this.#block.length) return -1;
    if (!literal.folded) return this.#block.indexOf(literal.bytes, from);
    return this.#lower?.indexOf(this.#needles[index] ?? '', from) ?? -1;
  }
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
