// Presents a match as a row: columns in UTF-16 units, long lines cut around the match.

import type { MatchSpan } from '../regex/pike-machine.ts';
import type { LineMatch } from '../text-query.ts';

/** Longest text of a row, in UTF-16 units. */
const TEXT_MAX = 4096;
/** Units kept before the match when the text is cut. */
const TEXT_BEFORE = 1024;
/** Bytes decoded on either side of a match; enough for TEXT_MAX units of any width. */
const WINDOW_BYTES = 4 * TEXT_MAX;

/** Where the row comes from. */
export interface RowSource {
  readonly path: string;
  readonly bytes: Buffer;
  /** The line (or, across lines, all lines of the match): from its first byte to before its line feed. */
  readonly lineStart: number;
  readonly lineEnd: number;
  readonly firstLine: number;
  readonly lastLine: number;
  readonly span: MatchSpan;
}

/** Builds a row. Bytes that are no UTF-8 show as U+FFFD. */
export function toLineMatch(source: RowSource): LineMatch {
  const { bytes, lineStart, span } = source;
  const end = withoutCarriageReturn(source);
  const before = bytes.toString('utf8', lineStart, span.start);
  const length = bytes.toString('utf8', span.start, span.end).length;
  const column = before.length + 1;
  const window = bytes.toString('utf8', span.start, Math.min(end, span.start + WINDOW_BYTES));
  const uncut = before.length + window.length <= TEXT_MAX && end - span.start <= WINDOW_BYTES;
  const skipped = uncut ? 0 : safeStart(before, Math.max(0, before.length - TEXT_BEFORE));
  return {
    path: source.path,
    line: source.firstLine,
    lineEnd: source.lastLine,
    column,
    length,
    text: (before.slice(skipped) + window).slice(0, TEXT_MAX).toWellFormed(),
    textColumn: skipped + 1,
  };
}

function withoutCarriageReturn({ bytes, lineStart, lineEnd, span }: RowSource): number {
  const trimmed = lineEnd > lineStart && bytes[lineEnd - 1] === 0x0d ? lineEnd - 1 : lineEnd;
  return Math.max(trimmed, Math.min(span.end, lineEnd));
}

// Not between the halves of a surrogate pair.
function safeStart(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return at > 0 && unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}
