// Finds matches that may span lines, over the whole text of a file. Matches do not overlap, leftmost first.

import { LazyDfa } from '../regex/lazy-dfa.ts';
import { type MatchSpan, PikeMachine } from '../regex/pike-machine.ts';
import type { RegexProgram } from '../regex/regex-program.ts';
import { PIKE_PIECE_BYTES } from './line-matcher.ts';

/** Bytes the automaton reads before other queries get a turn. */
const PIECE_BYTES = 32 << 10;
const LINE_FEED = 0x0a;

/** A match and the lines it covers. */
export interface MultilineMatch extends MatchSpan {
  /** Numbers, from 1, of the first and last line that the match touches. */
  readonly line: number;
  readonly lineEnd: number;
}

/** Searches files by one pattern; not re-entrant. */
export class MultilineMatcher {
  readonly #dfa: LazyDfa;
  readonly #pike: PikeMachine;

  constructor(program: RegexProgram) {
    this.#dfa = new LazyDfa(program);
    this.#pike = new PikeMachine(program);
  }

  /** Whether the text has a match. Cheap: one table look-up per byte. */
  *matches(text: Buffer): Generator<void, boolean> {
    const dfa = this.#dfa;
    dfa.reset();
    for (let position = 0; position < text.length; ) {
      position = dfa.scan(text, position, Math.min(position + PIECE_BYTES, text.length));
      if (dfa.outcome() === 'match') return true;
      if (dfa.outcome() === 'quit') return (yield* this.#find(text, 0)) !== undefined;
      yield;
    }
    dfa.finish();
    return dfa.outcome() === 'match' && (yield* this.#find(text, 0)) !== undefined;
  }

  /** The matches in order, at most `max`, to `sink`. Returns how many lines they touch, each line counted once. */
  *collect(text: Buffer, max: number, sink?: MultilineMatch[]): Generator<void, number> {
    let lines = 0;
    let found = 0;
    let lastLine = 0;
    let line = 1;
    let counted = 0;
    for (let from = 0; from < text.length && found < max; ) {
      const span = yield* this.#find(text, from);
      // What lies after the last line feed is no line, so an empty match there touches none.
      if (span === undefined || (span.start === text.length && text[span.start - 1] === LINE_FEED)) break;
      line += countFeeds(text, counted, span.start);
      counted = span.start;
      const lineEnd = line + countFeeds(text, span.start, Math.max(span.start, span.end - 1));
      found++;
      sink?.push({ ...span, line, lineEnd });
      lines += Math.max(0, lineEnd - Math.max(line - 1, lastLine));
      lastLine = Math.max(lastLine, lineEnd);
      from = span.end === span.start ? span.end + 1 : span.end;
      yield;
    }
    return lines;
  }

  *#find(text: Buffer, from: number): Generator<void, MatchSpan | undefined> {
    return yield* this.#pike.find({ bytes: text, start: 0, end: text.length }, from, PIKE_PIECE_BYTES);
  }
}

function countFeeds(text: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf(LINE_FEED, from); at >= 0 && at < to; at = text.indexOf(LINE_FEED, at + 1))
    count++;
  return count;
}
