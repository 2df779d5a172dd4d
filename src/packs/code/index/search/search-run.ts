// One search over one snapshot, as a generator that can be interrupted after every block and within long ones.
// First every candidate is judged and counted, which makes totals exact; then only the files of the wanted rows
// are read again to present them. So memory does not grow with the number of matching lines.

import type { SegmentReader } from '../segment/segment-reader.ts';
import type { Snapshot } from '../store/snapshot.ts';
import type { FileMatch, IncompleteReason, SearchResult } from '../text-query.ts';
import { type Candidates, candidateBlobs, candidateBlocks } from './candidates.ts';
import type { CompiledQuery } from './compiled-query.ts';
import { LineMatcher } from './line-matcher.ts';
import { MultilineMatcher } from './multiline-matcher.ts';
import { type FoundFile, RowReader } from './row-reader.ts';

/** Neighbouring candidate blocks are read together up to this size. */
const READ_BYTES_MAX = 256 << 10;

/** Limits of one search. */
export interface SearchLimits {
  readonly limit: number;
  readonly offset: number;
  /** Applies to patterns without any literal only. */
  readonly scanBytesMax: number;
  /** Whether the time for judging is up. */
  readonly expired: () => boolean;
  /** Whether the time for presenting is up too; later than `expired`, so that what was found can be shown. */
  readonly overdue: () => boolean;
}

/** The answer but for the time it took, which the scheduler knows. */
export type SearchOutcome = Omit<SearchResult, 'elapsedMs'>;

/** Runs the search. Each `yield` is a chance to do something else. */
export function* runSearch(
  snapshot: Snapshot,
  query: CompiledQuery,
  limits: SearchLimits,
): Generator<void, SearchOutcome> {
  const run = new SearchRun(snapshot, query, limits);
  yield* run.count();
  return yield* run.present();
}

interface BlobHit {
  readonly segment: number;
  readonly blob: number;
  lines: number;
}

class SearchRun {
  readonly #snapshot: Snapshot;
  readonly #query: CompiledQuery;
  readonly #limits: SearchLimits;
  readonly #lines: LineMatcher;
  readonly #multiline: MultilineMatcher | undefined;
  /** Blobs with a match, in the order they were met; those of a segment are ascending. */
  readonly #hits: BlobHit[] = [];
  #scannedBytes = 0;
  #stopped: IncompleteReason | undefined;
  /** Grows with what is read: most searches read a few blocks. */
  #buffer = Buffer.alloc(0);

  constructor(snapshot: Snapshot, query: CompiledQuery, limits: SearchLimits) {
    this.#snapshot = snapshot;
    this.#query = query;
    this.#limits = limits;
    this.#lines = new LineMatcher(query.program, query.anchor, query.part);
    this.#multiline = query.program.multiline ? new MultilineMatcher(query.program) : undefined;
  }

  /** Judges every candidate, until done or stopped. */
  *count(): Generator<void, void> {
    for (const [index, segment] of this.#snapshot.segments.entries()) {
      if (this.#multiline === undefined) yield* this.#countBlocks(segment, index);
      else yield* this.#countBlobs(segment, index, this.#multiline);
      if (this.#stopped !== undefined) return;
    }
  }

  /** The rows of the answer. */
  *present(): Generator<void, SearchOutcome> {
    const found = this.#matchingFiles();
    const { limit, offset, overdue } = this.#limits;
    const { want } = this.#query;
    const lines = want === 'files' ? 0 : found.reduce((sum, file) => sum + file.lines, 0);
    const reader = new RowReader(this.#snapshot, this.#lines, this.#multiline);
    const page = yield* reader.page(want === 'lines' ? found : [], { limit, offset, overdue });
    if (page.cut) this.#stopped = 'deadline';
    const files =
      want === 'lines' ? [] : found.slice(offset, offset + limit).map((file) => this.#fileMatch(file));
    return {
      generation: this.#snapshot.generation,
      matches: page.rows,
      files,
      totals: { files: found.length, lines },
      truncated: want === 'lines' ? page.more : found.length > offset + files.length,
      complete: this.#stopped === undefined,
      ...(this.#stopped === undefined ? {} : { incompleteReason: this.#stopped }),
      scannedBytes: this.#scannedBytes,
    };
  }

  *#countBlocks(segment: SegmentReader, index: number): Generator<void, void> {
    const isWanted = this.#blobFilter(index);
    const filesOnly = this.#query.want === 'files';
    const max = filesOnly ? 1 : Number.POSITIVE_INFINITY;
    const runs = readRuns(segment, candidateBlocks(segment, this.#query.plan), (block) =>
      isWanted(segment.blocks.blobOf(block)),
    );
    for (const [first, after] of runs) {
      this.#read(segment, first, after);
      for (let block = first; block < after; block++) {
        const blob = segment.blocks.blobOf(block);
        if (filesOnly && this.#isHit(index, blob)) continue;
        const bytes = this.#buffer.subarray(
          segment.blocks.sizeOf(first, block),
          segment.blocks.sizeOf(first, block + 1),
        );
        const starts: number[] = [];
        yield* this.#whileAllowed(this.#lines.collect(bytes, segment.blocks.isAscii(block), { max, starts }));
        this.#hit(index, blob, starts.length);
        if (this.#stopped !== undefined) return;
      }
    }
  }

  *#countBlobs(segment: SegmentReader, index: number, matcher: MultilineMatcher): Generator<void, void> {
    const isWanted = this.#blobFilter(index);
    const max = this.#query.want === 'files' ? 1 : Number.POSITIVE_INFINITY;
    for (const blob of numbersOf(candidateBlobs(segment, this.#query.plan), segment.blocks.blobCount)) {
      if (!isWanted(blob)) continue;
      const [first, after] = segment.blocks.blocksOf(blob);
      this.#read(segment, first, after);
      const text = this.#buffer.subarray(0, segment.blocks.sizeOf(first, after));
      const matches = yield* this.#whileAllowed(matcher.matches(text));
      const lines = matches === true ? yield* this.#whileAllowed(matcher.collect(text, max)) : 0;
      this.#hit(index, blob, lines ?? 0);
      if (this.#stopped !== undefined) return;
    }
  }

  /** Runs steps until they end or a limit is reached, which sets `#stopped`; offers at least one pause. */
  *#whileAllowed<T>(steps: Generator<void, T>): Generator<void, T | undefined> {
    for (;;) {
      const step = steps.next();
      this.#checkLimits();
      if (step.done === true) {
        yield;
        return step.value;
      }
      if (this.#stopped !== undefined) return undefined;
      yield;
    }
  }

  #checkLimits(): void {
    const { expired, scanBytesMax } = this.#limits;
    if (expired()) this.#stopped = 'deadline';
    else if (this.#query.plan.kind === 'all' && this.#scannedBytes > scanBytesMax)
      this.#stopped = 'byte_budget';
  }

  #isHit(segment: number, blob: number): boolean {
    const last = this.#hits.at(-1);
    return last !== undefined && last.blob === blob && last.segment === segment;
  }

  // The blocks of a blob come one after the other, so only the last hit can be the same blob.
  #hit(segment: number, blob: number, lines: number): void {
    if (lines === 0) return;
    const last = this.#hits.at(-1);
    if (last !== undefined && last.blob === blob && last.segment === segment) last.lines += lines;
    else this.#hits.push({ segment, blob, lines });
  }

  #read(segment: SegmentReader, first: number, after: number): void {
    const bytes = segment.blocks.sizeOf(first, after);
    if (bytes > this.#buffer.length)
      this.#buffer = Buffer.allocUnsafe(Math.max(bytes, 2 * this.#buffer.length));
    segment.readBlocks(first, after, this.#buffer);
    this.#scannedBytes += bytes;
  }

  // Whether anybody wants a blob: some file has it and its path passes. Asked once per blob.
  #blobFilter(segment: number): (blob: number) => boolean {
    if (this.#query.acceptsPath === undefined) return (blob) => this.#snapshot.isLive(segment, blob);
    const known = new Map<number, boolean>();
    return (blob) => {
      let wanted = known.get(blob);
      if (wanted === undefined) {
        wanted = this.#acceptedFiles(segment, blob).length > 0;
        known.set(blob, wanted);
      }
      return wanted;
    };
  }

  #acceptedFiles(segment: number, blob: number): number[] {
    const accepts = this.#query.acceptsPath;
    const files = [...this.#snapshot.filesOf(segment, blob)];
    return accepts === undefined
      ? files
      : files.filter((file) => accepts(this.#snapshot.files[file]?.path ?? ''));
  }

  #matchingFiles(): FoundFile[] {
    const found: FoundFile[] = [];
    for (const { segment, blob, lines } of this.#hits) {
      for (const file of this.#acceptedFiles(segment, blob)) found.push({ file, segment, blob, lines });
    }
    return found.sort((a, b) => a.file - b.file);
  }

  #fileMatch({ file, lines }: FoundFile): FileMatch {
    const record = this.#snapshot.files[file];
    return {
      path: record?.path ?? '',
      blob: record?.blob ?? '',
      lines: this.#query.want === 'files' ? 0 : lines,
      bytes: record?.size ?? 0,
    };
  }
}

/** Runs of wanted blocks that lie one after the other, each small enough for one read: `[first, after last]`. */
function* readRuns(
  segment: SegmentReader,
  candidates: Candidates,
  isWanted: (block: number) => boolean,
): Generator<readonly [number, number]> {
  let first = -1;
  let after = -1;
  for (const block of numbersOf(candidates, segment.blocks.blockCount)) {
    if (!isWanted(block)) continue;
    if (first >= 0 && block === after && segment.blocks.sizeOf(first, block + 1) <= READ_BYTES_MAX) {
      after = block + 1;
      continue;
    }
    if (first >= 0) yield [first, after];
    first = block;
    after = block + 1;
  }
  if (first >= 0) yield [first, after];
}

function* numbersOf(candidates: Candidates, count: number): Generator<number> {
  if (candidates !== 'all') yield* candidates;
  else for (let number = 0; number < count; number++) yield number;
}
