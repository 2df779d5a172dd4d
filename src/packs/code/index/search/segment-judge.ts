// Judges the candidates of one segment for one search: reads them in runs and counts the lines that match. It can be
// interrupted after every run and within long blocks.

import type { SegmentReader } from '../segment/segment-reader.ts';
import { type Candidates, candidateBlobs, candidateBlocks } from './candidates.ts';
import type { CompiledQuery } from './compiled-query.ts';
import { addFound, type Findings } from './findings.ts';
import { lineKernel } from './line-kernel.ts';
import type { LineMatcher } from './line-matcher.ts';
import type { MultilineMatcher } from './multiline-matcher.ts';

/** Neighbouring candidate blocks are read together up to this size. */
const READ_BYTES_MAX = 256 << 10;
/** Bytes between two candidates that are read along with them: copying them costs less than another system call. */
const GAP_BYTES_MAX = 8 << 10;

const NO_PLACES = new Uint16Array(0);
const NO_LINES = new Uint32Array(0);

/** The matchers of a search, and what may stop it. */
export interface JudgeDeps {
  readonly query: CompiledQuery;
  readonly lines: LineMatcher;
  readonly multiline: MultilineMatcher | undefined;
  /** Told of bytes before they are judged. */
  readonly onRead: (bytes: number) => void;
  /** Whether a limit was reached, so that what is not judged yet is left. */
  readonly isStopped: () => boolean;
}

/** Judges for one search, whose segments it is given one after the other. */
export class SegmentJudge {
  readonly #deps: JudgeDeps;
  /** Grows with what is read: most searches read a few blocks. */
  #buffer = Buffer.alloc(0);

  constructor(deps: JudgeDeps) {
    this.#deps = deps;
  }

  /** Adds to what is known of a segment until all wanted blobs are judged, or the search is stopped. */
  *judge(
    segment: SegmentReader,
    known: Findings | undefined,
    isWanted: (blob: number) => boolean,
  ): Generator<void, Findings> {
    const before = known ?? { left: this.#candidates(segment), places: NO_PLACES, lines: NO_LINES };
    const blobOf = this.#deps.multiline === undefined ? segment.blocks.blobOf.bind(segment.blocks) : same;
    // Where only files are wanted, what else a matching one holds is never judged.
    const isHit = this.#deps.query.want === 'files' ? hitTest(before.places, blobOf) : never;
    const wanted = new Uint16Array(before.left.length);
    const others = new Uint16Array(before.left.length);
    let [wantedSize, othersSize] = [0, 0];
    for (const place of before.left) {
      const blob = blobOf(place);
      if (isHit(blob)) continue;
      if (isWanted(blob)) wanted[wantedSize++] = place;
      else others[othersSize++] = place;
    }
    if (wantedSize === 0 && known !== undefined) return known;
    const found: Found = { places: [], lines: [], judged: 0 };
    yield* this.#judgeAll(segment, wanted.subarray(0, wantedSize), found);
    const unjudged = wanted.subarray(found.judged, wantedSize);
    const left = others.slice(0, othersSize);
    return addFound(before, {
      ...found,
      left: unjudged.length === 0 ? left : Uint16Array.from([...left, ...unjudged]).sort(),
    });
  }

  #candidates(segment: SegmentReader): Uint16Array {
    const { multiline, query } = this.#deps;
    return multiline === undefined
      ? numbersOf(candidateBlocks(segment, query.plan), segment.blocks.blockCount)
      : numbersOf(candidateBlobs(segment, query.plan), segment.blocks.blobCount);
  }

  *#judgeAll(segment: SegmentReader, places: Uint16Array, found: Found): Generator<void, void> {
    const { multiline } = this.#deps;
    if (multiline === undefined) yield* this.#judgeBlocks(segment, places, found);
    else yield* this.#judgeBlobs(segment, places, { found, matcher: multiline });
  }

  *#judgeBlocks(segment: SegmentReader, places: Uint16Array, found: Found): Generator<void, void> {
    for (let from = 0; from < places.length; ) {
      const to = endOfRun(segment, places, from);
      const run = places.subarray(from, to);
      if (this.#deps.lines.hasNeedles) yield* this.#countRun(segment, run, found);
      else yield* this.#collectRun(segment, run, found);
      if (this.#deps.isStopped()) return;
      from = to;
      yield;
    }
  }

  /** Judges a run by the kernel, without a pause; then what it could not judge. */
  *#countRun(segment: SegmentReader, run: Uint16Array, found: Found): Generator<void, void> {
    const { blocks } = segment;
    const { lines, query } = this.#deps;
    const first = run[0] ?? 0;
    const size = blocks.sizeOf(first, (run.at(-1) ?? 0) + 1);
    const { bytes, start } = lineKernel().reserve(size);
    this.#read(segment, first, bytes.subarray(start, start + size));
    const max = query.want === 'files' ? 1 : Number.POSITIVE_INFINITY;
    for (const [at, block] of run.entries()) {
      const [from, end] = [start + blocks.sizeOf(first, block), start + blocks.sizeOf(first, block + 1)];
      const count = this.#isDecided(segment, block, found)
        ? 0
        : lines.count({ from, end, isAscii: blocks.isAscii(block) }, max);
      if (count === undefined) {
        // What is slow makes pauses, and others use the kernel meanwhile.
        yield* this.#collectRun(segment, run.subarray(at), found);
        return;
      }
      add(found, block, count);
    }
  }

  *#collectRun(segment: SegmentReader, run: Uint16Array, found: Found): Generator<void, void> {
    const { blocks } = segment;
    const { lines, query } = this.#deps;
    const first = run[0] ?? 0;
    const buffer = this.#room(blocks.sizeOf(first, (run.at(-1) ?? 0) + 1));
    this.#read(segment, first, buffer);
    const max = query.want === 'files' ? 1 : Number.POSITIVE_INFINITY;
    for (const block of run) {
      const starts: number[] = [];
      if (!this.#isDecided(segment, block, found)) {
        const bytes = buffer.subarray(blocks.sizeOf(first, block), blocks.sizeOf(first, block + 1));
        if (!(yield* this.#finishes(lines.collect(bytes, blocks.isAscii(block), { max, starts })))) return;
      }
      add(found, block, starts.length);
      if (this.#deps.isStopped()) return;
    }
  }

  /** Whether an earlier block says all that is wanted of the file. */
  #isDecided({ blocks }: SegmentReader, block: number, { places }: Found): boolean {
    const last = places.at(-1);
    return (
      this.#deps.query.want === 'files' && last !== undefined && blocks.blobOf(last) === blocks.blobOf(block)
    );
  }

  *#judgeBlobs(
    segment: SegmentReader,
    places: Uint16Array,
    { found, matcher }: { readonly found: Found; readonly matcher: MultilineMatcher },
  ): Generator<void, void> {
    const max = this.#deps.query.want === 'files' ? 1 : Number.POSITIVE_INFINITY;
    for (const blob of places) {
      const [first, after] = segment.blocks.blocksOf(blob);
      const text = this.#room(segment.blocks.sizeOf(first, after));
      this.#read(segment, first, text);
      const judged = { lines: 0 };
      if (!(yield* this.#finishes(countMatches(matcher, text, { max, judged })))) return;
      add(found, blob, judged.lines);
      if (this.#deps.isStopped()) return;
      yield;
    }
  }

  /** Runs steps to their end; false when the search was stopped before. */
  *#finishes(steps: Generator<void, void>): Generator<void, boolean> {
    while (steps.next().done !== true) {
      if (this.#deps.isStopped()) return false;
      yield;
    }
    return true;
  }

  #room(size: number): Buffer {
    if (size > this.#buffer.length)
      this.#buffer = Buffer.allocUnsafe(Math.max(size, 2 * this.#buffer.length));
    return this.#buffer.subarray(0, size);
  }

  /** Fills `target` with the text from the block `first` on. */
  #read(segment: SegmentReader, first: number, target: Buffer): void {
    segment.readText(first, target);
    this.#deps.onRead(target.length);
  }
}

interface Found {
  readonly places: number[];
  readonly lines: number[];
  /** How many of the places were judged. */
  judged: number;
}

function add(found: Found, place: number, lines: number): void {
  found.judged++;
  if (lines === 0) return;
  found.places.push(place);
  found.lines.push(lines);
}

function* countMatches(
  matcher: MultilineMatcher,
  text: Buffer,
  { max, judged }: { readonly max: number; readonly judged: { lines: number } },
): Generator<void, void> {
  if (yield* matcher.matches(text)) judged.lines = yield* matcher.collect(text, max);
}

/** Where the run of places ends that begins at `from`: they are read together. */
function endOfRun({ blocks }: SegmentReader, places: Uint16Array, from: number): number {
  const first = places[from] ?? 0;
  let to = from + 1;
  for (; to < places.length; to++) {
    const [last, next] = [places[to - 1] ?? 0, places[to] ?? 0];
    if (blocks.sizeOf(last + 1, next) > GAP_BYTES_MAX || blocks.sizeOf(first, next + 1) > READ_BYTES_MAX)
      break;
  }
  return to;
}

function hitTest(places: Uint16Array, blobOf: (place: number) => number): (blob: number) => boolean {
  const hit = new Set<number>();
  for (const place of places) hit.add(blobOf(place));
  return (blob) => hit.has(blob);
}

function never(): boolean {
  return false;
}

function same(blob: number): number {
  return blob;
}

function numbersOf(candidates: Candidates, count: number): Uint16Array {
  return candidates === 'all' ? Uint16Array.from({ length: count }, (_, number) => number) : candidates;
}
