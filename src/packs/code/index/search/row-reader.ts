// Presents rows: reads the files of the wanted rows once more and locates the match on each line.

import type { SegmentReader } from '../segment/segment-reader.ts';
import type { Snapshot } from '../store/snapshot.ts';
import type { LineMatch } from '../text-query.ts';
import { type LineMatcher, lineEnd, lineStart } from './line-matcher.ts';
import { toLineMatch } from './line-row.ts';
import type { MultilineMatch, MultilineMatcher } from './multiline-matcher.ts';

const LINE_FEED = 0x0a;

/** A file with matches. */
export interface FoundFile {
  /** Its number in the snapshot. */
  readonly file: number;
  readonly segment: number;
  readonly blob: number;
  readonly lines: number;
}

/** Which rows are wanted. */
export interface RowWindow {
  readonly offset: number;
  readonly limit: number;
  /** Whether presenting has to end with what there is. */
  readonly overdue: () => boolean;
}

/** Rows, and whether there are more. */
export interface RowPage {
  readonly rows: readonly LineMatch[];
  readonly more: boolean;
  /** Whether time ran out before the page was full. */
  readonly cut: boolean;
}

/** Reads rows of one snapshot with the matchers of one search. */
export class RowReader {
  readonly #snapshot: Snapshot;
  readonly #lines: LineMatcher;
  readonly #multiline: MultilineMatcher | undefined;

  constructor(snapshot: Snapshot, lines: LineMatcher, multiline: MultilineMatcher | undefined) {
    this.#snapshot = snapshot;
    this.#lines = lines;
    this.#multiline = multiline;
  }

  /** One page of the rows of `found`, which is in the order of the answer. */
  *page(found: readonly FoundFile[], window: RowWindow): Generator<void, RowPage> {
    const rows: LineMatch[] = [];
    let skip = window.offset;
    for (const file of found) {
      // Across lines a row is a match, so only reading tells how many rows a file has.
      if (this.#multiline === undefined && skip >= file.lines) {
        skip -= file.lines;
        continue;
      }
      if (rows.length >= window.limit) return { rows, more: true, cut: false };
      const wanted = skip + window.limit - rows.length;
      const steps = this.#fileRows(file, wanted + 1);
      for (;;) {
        const step = steps.next();
        if (step.done !== true) {
          if (window.overdue()) return { rows, more: true, cut: true };
          yield;
          continue;
        }
        for (const row of step.value.slice(skip, wanted)) rows.push(row);
        if (step.value.length > wanted) return { rows, more: true, cut: false };
        skip = Math.max(0, skip - step.value.length);
        break;
      }
    }
    return { rows, more: false, cut: false };
  }

  *#fileRows(file: FoundFile, max: number): Generator<void, readonly LineMatch[]> {
    const segment = this.#snapshot.segments[file.segment];
    const path = this.#snapshot.files[file.file]?.path ?? '';
    if (segment === undefined) return [];
    if (this.#multiline !== undefined) {
      return yield* this.#matchRows(this.#multiline, segment.readBlob(file.blob), { path, max });
    }
    const rows: LineMatch[] = [];
    const [first, after] = segment.blocks.blocksOf(file.blob);
    for (let block = first; block < after && rows.length < max; block++) {
      yield* this.#blockRows(segment, block, { path, max, rows });
      yield;
    }
    return rows;
  }

  *#matchRows(
    matcher: MultilineMatcher,
    bytes: Buffer,
    want: { path: string; max: number },
  ): Generator<void, LineMatch[]> {
    const found: MultilineMatch[] = [];
    yield* matcher.collect(bytes, want.max, found);
    return found.map((span) =>
      toLineMatch({
        path: want.path,
        bytes,
        lineStart: lineStart(bytes, span.start),
        lineEnd: lineEnd(bytes, Math.max(span.start, span.end - 1)),
        firstLine: span.line,
        lastLine: span.lineEnd,
        span,
      }),
    );
  }

  *#blockRows(
    segment: SegmentReader,
    block: number,
    want: { path: string; max: number; rows: LineMatch[] },
  ): Generator<void, void> {
    const bytes = Buffer.allocUnsafe(segment.blocks.sizeOf(block, block + 1));
    segment.readBlocks(block, block + 1, bytes);
    const starts: number[] = [];
    yield* this.#lines.collect(bytes, segment.blocks.isAscii(block), {
      max: want.max - want.rows.length,
      starts,
    });
    let line = segment.blocks.firstLineOf(block);
    let counted = 0;
    for (const start of starts) {
      line += countLineFeeds(bytes, counted, start);
      counted = start;
      const end = lineEnd(bytes, start);
      const span = (yield* this.#lines.locate(bytes, start, end)) ?? { start, end: start };
      const row = {
        path: want.path,
        bytes,
        lineStart: start,
        lineEnd: end,
        firstLine: line,
        lastLine: line,
        span,
      };
      want.rows.push(toLineMatch(row));
    }
  }
}

function countLineFeeds(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED, from); at >= 0 && at < to; at = bytes.indexOf(LINE_FEED, at + 1))
    count++;
  return count;
}
