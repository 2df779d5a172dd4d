// The work of a building thread: scan the tree, index files, rewrite segments. It only ever writes files that
// no state names yet; the engine's thread decides whether they become part of one.

import { FileReader } from '../intake/file-reader.ts';
import { PathFilter } from '../intake/path-filter.ts';
import { SectionFile } from '../segment/section-file.ts';
import { BLOB_ID_BYTES, SegmentReader } from '../segment/segment-reader.ts';
import type { SegmentRecord } from '../segment/segment-writer.ts';
import type { FileRecord } from '../store/file-record.ts';
import { applyChanges, readTree } from '../store/file-tree.ts';
import { type Manifest, readManifest } from '../store/manifest.ts';
import { BlobSink } from './blob-sink.ts';
import type { BuilderSetup, IndexedBatch } from './build-messages.ts';
import { scanStale } from './stale-scan.ts';

/** Indexes, scans or merges for one index directory. */
export class Builder {
  readonly #setup: BuilderSetup & { readonly isKnown?: (id: string) => boolean };
  #reader: FileReader | undefined;
  #sink: BlobSink | undefined;

  /** `isKnown` tells which blobs segments already hold; without it their tables are read when first needed. */
  constructor(setup: BuilderSetup & { readonly isKnown?: (id: string) => boolean }) {
    this.#setup = setup;
  }

  /** See {@link scanStale}. */
  *scan(everything: boolean): Generator<string[], { removed: string[]; unchanged: number }> {
    const { root, rules, directory } = this.#setup;
    const manifest = readManifest(directory);
    const known = manifest === undefined ? [] : knownFiles(directory, manifest);
    return yield* scanStale({ root, filter: new PathFilter(root, rules), known, everything });
  }

  /** Reads files and adds what is new to the open segment. */
  index(paths: readonly string[]): IndexedBatch {
    this.#reader ??= new FileReader(this.#setup.root, this.#setup.rules);
    const sink = this.#openSink();
    const records: FileRecord[] = [];
    const missing: string[] = [];
    let parsed = 0;
    let bytes = 0;
    for (const path of paths) {
      const file = this.#reader.read(path);
      if (file === undefined) {
        missing.push(path);
        continue;
      }
      records.push(file.record);
      if (file.text === undefined || !sink.add(file.record.blob, file.text)) continue;
      parsed++;
      bytes += file.text.length;
    }
    return { records, missing, parsed, bytes };
  }

  /** Publishes the segments written so far. */
  finish(): SegmentRecord[] {
    const segments = this.#sink?.finish() ?? [];
    this.#sink = undefined;
    return segments;
  }

  /** Copies the blobs of some segments that files still refer to into new ones. */
  merge(segments: readonly string[]): SegmentRecord[] {
    const { directory, prefix } = this.#setup;
    const manifest = readManifest(directory);
    if (manifest === undefined) return [];
    const live = new Set(knownFiles(directory, manifest).map((file) => file.blob));
    const sink = new BlobSink({ directory, prefix, isKnown: () => false });
    for (const record of manifest.segments.filter(({ file }) => segments.includes(file))) {
      copyBlobs(new SegmentReader(directory, record), live, sink);
    }
    return sink.finish();
  }

  #openSink(): BlobSink {
    const { directory, prefix } = this.#setup;
    if (this.#sink === undefined) {
      const isKnown = this.#setup.isKnown ?? isStoredIn(directory);
      this.#sink = new BlobSink({ directory, prefix, isKnown });
    }
    return this.#sink;
  }
}

function copyBlobs(reader: SegmentReader, live: ReadonlySet<string>, sink: BlobSink): void {
  try {
    for (let blob = 0; blob < reader.blocks.blobCount; blob++) {
      const id = reader.blobId(blob);
      if (live.has(id)) sink.add(id, reader.readBlob(blob));
    }
  } finally {
    reader.close();
  }
}

function knownFiles(directory: string, manifest: Manifest): readonly FileRecord[] {
  return applyChanges(readTree(directory, manifest.tree), manifest.changes);
}

function isStoredIn(directory: string): (id: string) => boolean {
  const known = new Set<string>();
  for (const record of readManifest(directory)?.segments ?? []) {
    const file = SectionFile.open(`${directory}/${record.file}`, record);
    const ids = file.read('ids').toString('hex');
    file.close();
    for (let at = 0; at < ids.length; at += 2 * BLOB_ID_BYTES)
      known.add(ids.slice(at, at + 2 * BLOB_ID_BYTES));
  }
  return (id) => known.has(id);
}
