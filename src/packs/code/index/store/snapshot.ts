// One state of the index, open for reading: its segments, its files, and which files share which blob.
// A snapshot never changes; queries that began on it finish on it.

import type { SegmentReader } from '../segment/segment-reader.ts';
import type { FileRecord } from './file-record.ts';
import { firstNotBefore } from './file-tree.ts';

/** Where a blob lies. */
export interface BlobPlace {
  readonly segment: number;
  readonly blob: number;
}

const NONE = -1;
const NO_FILES = new Int32Array(0);

/** Immutable view of one generation. */
export class Snapshot {
  readonly generation: number;
  readonly segments: readonly SegmentReader[];
  /** Sorted by path; a file's index here is its number. */
  readonly files: readonly FileRecord[];
  /** For each file the segment and blob that hold its content; -1 when it has none. */
  readonly #segmentOf: Int32Array;
  readonly #blobOf: Int32Array;
  /** For each segment and blob the first file with that content, or -1: nobody refers to it any more. */
  readonly #firstFile: readonly Int32Array[];
  /** For each file the next one with the same content, or -1. */
  readonly #nextFile: Int32Array;

  /** `previous` spares looking up the files that did not change. */
  constructor(state: {
    readonly generation: number;
    readonly segments: readonly SegmentReader[];
    readonly files: readonly FileRecord[];
    readonly previous?: Snapshot | undefined;
  }) {
    this.generation = state.generation;
    this.segments = state.segments;
    this.files = state.files;
    this.#segmentOf = new Int32Array(state.files.length).fill(NONE);
    this.#blobOf = new Int32Array(state.files.length).fill(NONE);
    this.#placeFiles(state.previous);
    this.#firstFile = state.segments.map((segment) => new Int32Array(segment.blocks.blobCount).fill(NONE));
    this.#nextFile = new Int32Array(state.files.length).fill(NONE);
    const [firstFile, nextFile] = [this.#firstFile, this.#nextFile];
    const [segmentOf, blobOf] = [this.#segmentOf, this.#blobOf];
    for (let file = state.files.length - 1; file >= 0; file--) {
      const first = firstFile[segmentOf[file] ?? NONE];
      const blob = blobOf[file] ?? NONE;
      if (first === undefined) continue;
      nextFile[file] = first[blob] ?? NONE;
      first[blob] = file;
    }
  }

  /**
   * Where the content of a blob lies, if it is in a segment. Two threads may have written the same blob into two
   * segments; the first one serves, the other is dead weight.
   */
  placeOf(blobId: string): BlobPlace | undefined {
    for (const [segment, reader] of this.segments.entries()) {
      const blob = reader.findBlob(blobId);
      if (blob !== undefined) return { segment, blob };
    }
    return undefined;
  }

  /** Numbers of the files with this content, ascending; none when the blob is dead. */
  *filesOf(segment: number, blob: number): Generator<number> {
    for (
      let file = this.#firstFile[segment]?.[blob] ?? NONE;
      file !== NONE;
      file = this.#nextFile[file] ?? NONE
    ) {
      yield file;
    }
  }

  /** Whether any file has this content. */
  isLive(segment: number, blob: number): boolean {
    return (this.#firstFile[segment]?.[blob] ?? NONE) !== NONE;
  }

  /** Bytes of content in a segment that some file has. */
  liveBytes(segment: number): number {
    const reader = this.segments[segment];
    let bytes = 0;
    for (let blob = 0; reader !== undefined && blob < reader.blocks.blobCount; blob++) {
      if (this.isLive(segment, blob)) bytes += reader.blocks.sizeOf(...reader.blocks.blocksOf(blob));
    }
    return bytes;
  }

  /** Number of the file with this path. */
  findFile(path: string): number | undefined {
    const at = firstNotBefore(this.files, path);
    return this.files[at]?.path === path ? at : undefined;
  }

  // Both lists of files are sorted, so one walk over them finds the records that are the same.
  #placeFiles(previous: Snapshot | undefined): void {
    const before = previous?.files ?? [];
    const segmentNow = previous?.segments.map((segment) => this.segments.indexOf(segment)) ?? [];
    const segmentBefore = previous === undefined ? NO_FILES : previous.#segmentOf;
    const blobBefore = previous === undefined ? NO_FILES : previous.#blobOf;
    const [files, segmentOf, blobOf] = [this.files, this.#segmentOf, this.#blobOf];
    let old = 0;
    // Every edit walks over every file, so nothing is allocated here for those that are as they were.
    for (let file = 0; file < files.length; file++) {
      const record = files[file] as FileRecord;
      while (old < before.length && before[old] !== record && (before[old]?.path ?? '') < record.path) old++;
      // Past it at once: the next record is compared by identity then, and not by its path.
      const same = before[old] === record ? old++ : NONE;
      const known = same === NONE ? NONE : (segmentNow[segmentBefore[same] ?? NONE] ?? NONE);
      if (known !== NONE) {
        segmentOf[file] = known;
        blobOf[file] = blobBefore[same] ?? NONE;
        continue;
      }
      const place = this.#look(record);
      segmentOf[file] = place?.segment ?? NONE;
      blobOf[file] = place?.blob ?? NONE;
    }
  }

  #look(record: FileRecord): BlobPlace | undefined {
    return record.blob === '' ? undefined : this.placeOf(record.blob);
  }
}
