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
  readonly segment: SegmentReader;
  readonly blob: number;
  readonly lines: number;
  /** Its blocks with a match and how many matching lines each has; of a pattern across lines its blob. */
  readonly blocks: Uint16Array;
  readonly counts: Uint32Array;
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
    const pages =
      this.#multiline === undefined
        ? this.#linePage(found, window, rows)
        : this.#matchPage(this.#multiline, found, { window, rows });
    for (;;) {
      const step = pages.next();
      if (step.done === true) return { rows, more: step.value, cut: false };
      if (window.overdue()) return { rows, more: true, cut: true };
      yield;
    }
  }

  /** Fills `rows`; tells whether there are more. */
  *#linePage(found: readonly FoundFile[], window: RowWindow, rows: LineMatch[]): Generator<void, boolean> {
    let skip = window.offset;
    for (const file of found) {
      if (skip >= file.lines) {
        skip -= file.lines;
        continue;
      }
      for (const [at, block] of file.blocks.entries()) {
        if (rows.length >= window.limit) return true;
        const lines = file.counts[at] ?? 0;
        if (skip < lines) {
          const to = Math.min(lines, skip + window.limit - rows.length);
          yield* this.#blockRows(file, block, { from: skip, to, rows });
          if (to < lines) return true;
          yield;
        }
        skip = Math.max(0, skip - lines);
      }
    }
    return false;
  }

  // Across lines a row is a match, so only reading tells how many rows a file has.
  *#matchPage(
    matcher: MultilineMatcher,
    found: readonly FoundFile[],
    { window, rows }: { readonly window: RowWindow; readonly rows: LineMatch[] },
  ): Generator<void, boolean> {
    let skip = window.offset;
    for (const { file, segment, blob } of found) {
      if (rows.length >= window.limit) return true;
      const wanted = skip + window.limit - rows.length;
      const path = this.#pathOf(file);
      const own = yield* this.#matchRows(matcher, segment.readBlob(blob), { path, max: wanted + 1 });
      for (const row of own.slice(skip, wanted)) rows.push(row);
      if (own.length > wanted) return true;
      skip = Math.max(0, skip - own.length);
    }
    return false;
  }

  #pathOf(file: number): string {
    return this.#snapshot.files[file]?.path ?? '';
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

  /** Adds the matching lines `from` to `to - 1` of a block. */
  *#blockRows(
    { file, segment }: FoundFile,
    block: number,
    { from, to, rows }: { readonly from: number; readonly to: number; readonly rows: LineMatch[] },
  ): Generator<void, void> {
    const bytes = Buffer.allocUnsafe(segment.blocks.sizeOf(block, block + 1));
    segment.readText(block, bytes);
    const starts: number[] = [];
    yield* this.#lines.collect(bytes, segment.blocks.isAscii(block), { max: to, starts });
    let line = segment.blocks.firstLineOf(block);
    let counted = 0;
    for (const start of starts.slice(from)) {
      line += countLineFeeds(bytes, counted, start);
      counted = start;
      const end = lineEnd(bytes, start);
      const span = (yield* this.#lines.locate(bytes, start, end)) ?? { start, end: start };
      const row = {
        path: this.#pathOf(file),
        bytes,
        lineStart: start,
        lineEnd: end,
        firstLine: line,
        lastLine: line,
        span,
      };
      rows.push(toLineMatch(row));
    }
  }
}

function countLineFeeds(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED, from); at >= 0 && at < to; at = bytes.indexOf(LINE_FEED, at + 1))
    count++;
  return count;
}
