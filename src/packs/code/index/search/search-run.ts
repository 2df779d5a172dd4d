// One search over one snapshot, as a generator that can be interrupted after every run of blocks and within long ones.
// First every candidate is judged and counted, which makes totals exact; then only the blocks of the wanted rows
// are read again to present them. So memory does not grow with the number of matching lines.

import type { SegmentReader } from '../segment/segment-reader.ts';
import type { Snapshot } from '../store/snapshot.ts';
import type { FileMatch, IncompleteReason, SearchResult } from '../text-query.ts';
import type { CompiledQuery } from './compiled-query.ts';
import type { Findings, KeptFindings } from './findings.ts';
import { LineMatcher } from './line-matcher.ts';
import { MultilineMatcher } from './multiline-matcher.ts';
import { type FoundFile, RowReader } from './row-reader.ts';
import { SegmentJudge } from './segment-judge.ts';

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

/** Runs the search; with `kept` it judges only what earlier ones did not. Each `yield` is a chance to do something else. */
export function* runSearch(
  snapshot: Snapshot,
  query: CompiledQuery,
  limits: SearchLimits,
  kept?: KeptFindings,
): Generator<void, SearchOutcome> {
  const run = new SearchRun(snapshot, query, limits);
  yield* run.judge(kept);
  return yield* run.present();
}

class SearchRun {
  readonly #snapshot: Snapshot;
  readonly #query: CompiledQuery;
  readonly #limits: SearchLimits;
  readonly #lines: LineMatcher;
  readonly #multiline: MultilineMatcher | undefined;
  /** Of the segments that were judged, by their number. */
  readonly #findings: Findings[] = [];
  #scannedBytes = 0;
  #stopped: IncompleteReason | undefined;

  constructor(snapshot: Snapshot, query: CompiledQuery, limits: SearchLimits) {
    this.#snapshot = snapshot;
    this.#query = query;
    this.#limits = limits;
    this.#lines = new LineMatcher(query.program, query.anchor, query.part);
    this.#multiline = query.program.multiline ? new MultilineMatcher(query.program) : undefined;
  }

  /** Judges every candidate of wanted files, until done or stopped. */
  *judge(kept: KeptFindings | undefined): Generator<void, void> {
    const judge = new SegmentJudge({
      query: this.#query,
      lines: this.#lines,
      multiline: this.#multiline,
      onRead: (bytes) => {
        this.#scannedBytes += bytes;
      },
      isStopped: () => this.#isStopped(),
    });
    for (const [index, segment] of this.#snapshot.segments.entries()) {
      const known = kept?.get(segment, this.#query.key);
      const findings = yield* judge.judge(segment, known, this.#blobFilter(index));
      if (findings !== known) kept?.keep(segment, this.#query.key, findings);
      this.#findings.push(findings);
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

  #isStopped(): boolean {
    const { expired, scanBytesMax } = this.#limits;
    if (expired()) this.#stopped = 'deadline';
    else if (this.#query.plan.kind === 'all' && this.#scannedBytes > scanBytesMax)
      this.#stopped = 'byte_budget';
    return this.#stopped !== undefined;
  }

  // Whether anybody wants a blob: some file has it and its path passes. Asked once per blob.
  #blobFilter(segment: number): (blob: number) => boolean {
    if (this.#query.acceptsPath === undefined) return (blob) => this.#snapshot.isLive(segment, blob);
    const known = new Map<number, boolean>();
    return (blob) => {
      let wanted = known.get(blob);
      if (wanted === undefined) {
        wanted = false;
        for (const file of this.#snapshot.filesOf(segment, blob)) wanted ||= this.#accepts(file);
        known.set(blob, wanted);
      }
      return wanted;
    };
  }

  /** In the order of the answer. */
  #matchingFiles(): FoundFile[] {
    const found: FoundFile[] = [];
    for (const [index, { places, lines }] of this.#findings.entries()) {
      const segment = this.#snapshot.segments[index];
      if (segment !== undefined) this.#addFiles(found, { index, segment, places, lines });
    }
    return found.sort((a, b) => a.file - b.file);
  }

  // The blocks of a blob come one after the other.
  #addFiles(
    found: FoundFile[],
    at: Pick<Findings, 'places' | 'lines'> & { readonly index: number; readonly segment: SegmentReader },
  ): void {
    const { index, segment, places } = at;
    const blobOf = (place: number): number =>
      this.#multiline === undefined ? segment.blocks.blobOf(places[place] ?? 0) : (places[place] ?? 0);
    for (let from = 0, to = 0; from < places.length; from = to) {
      const blob = blobOf(from);
      let sum = 0;
      for (; to < places.length && blobOf(to) === blob; to++) sum += at.lines[to] ?? 0;
      const [blocks, counts] = [places.subarray(from, to), at.lines.subarray(from, to)];
      for (const file of this.#snapshot.filesOf(index, blob))
        if (this.#accepts(file)) found.push({ file, segment, blob, lines: sum, blocks, counts });
    }
  }

  #accepts(file: number): boolean {
    const { acceptsPath } = this.#query;
    return acceptsPath === undefined || acceptsPath(this.#snapshot.files[file]?.path ?? '');
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
