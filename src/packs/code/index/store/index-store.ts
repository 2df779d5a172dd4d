// The index directory: which state is current, who still reads an older one, and how a new one becomes current.

import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { SegmentReader } from '../segment/segment-reader.ts';
import type { SegmentRecord } from '../segment/segment-writer.ts';
import { TextIndexError } from '../text-index-error.ts';
import type { FileRecord } from './file-record.ts';
import { applyChanges, readTree, type TreeChange, type TreeRecord } from './file-tree.ts';
import {
  isMissing,
  MANIFEST_FILE,
  type Manifest,
  readManifest,
  syncDirectory,
  writeManifest,
} from './manifest.ts';
import { Snapshot } from './snapshot.ts';
import { LOCK_FILE, WriterLock } from './writer-lock.ts';

/** A reader that loses the race against a writer's clean-up looks again; each loss means a new commit. */
const OPEN_ATTEMPTS_MAX = 8;

/**
 * Posting lists kept in memory; those of further segments are read when needed. 96 MiB are the lists of 600 MB of
 * source, and leave an index of 300 MB well below 350 MB of resident memory.
 */
const RESIDENT_POSTINGS_MAX = 96 << 20;

interface OpenReader {
  readonly reader: SegmentReader;
  users: number;
}

/** What a new state consists of; the generation is assigned when it is published. */
export type NextManifest = Omit<Manifest, 'generation'>;

/** Opens, publishes and cleans one index directory. */
export class IndexStore {
  readonly directory: string;
  #manifest: Manifest | undefined;
  #manifestStamp = '';
  #current: Snapshot | undefined;
  #lock: WriterLock | undefined;
  /** Prefixes of files that a running job writes. */
  readonly #unpublished = new Set<string>();
  readonly #readers = new Map<string, OpenReader>();
  readonly #uses = new Map<Snapshot, number>();
  #tree: { record: TreeRecord; files: readonly FileRecord[] } | undefined;

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, { recursive: true });
    this.refresh();
  }

  /** The manifest of the current state. */
  get manifest(): Manifest | undefined {
    return this.#manifest;
  }

  /** Whether this process is the writer of a state that exists. */
  get writing(): boolean {
    return this.#lock?.held() === true && this.#current !== undefined;
  }

  /**
   * Loads the newest state if another process has published one, also where this one was the writer and lost the lock.
   * Cheap when nothing changed.
   */
  refresh(): void {
    for (let attempt = 1; this.#stamp() !== this.#manifestStamp; attempt++) {
      const stamp = this.#stamp();
      try {
        this.#install(readManifest(this.directory));
        this.#manifestStamp = stamp;
      } catch (error) {
        // The files of a state vanish when a newer one replaces it; then there is a newer manifest to read.
        if (!isMissing(error) || attempt >= OPEN_ATTEMPTS_MAX) throw error;
      }
    }
  }

  /** The current state, kept open until it is handed back to {@link release}. */
  use(): Snapshot {
    this.refresh();
    if (this.#current === undefined) {
      throw new TextIndexError('index_missing', 'This index has not been built; run build() first.');
    }
    this.#uses.set(this.#current, (this.#uses.get(this.#current) ?? 0) + 1);
    return this.#current;
  }

  /** Ends a {@link use}. */
  release(snapshot: Snapshot): void {
    const left = (this.#uses.get(snapshot) ?? 1) - 1;
    this.#uses.set(snapshot, left);
    if (left === 0 && snapshot !== this.#current) this.#retire(snapshot);
  }

  /**
   * Becomes the writer, if it is not yet, and removes what a crashed writer left behind.
   * @throws TextIndexError `index_locked`.
   */
  beginWriting(): void {
    if (this.#lock?.held() === true) return;
    this.#lock?.release();
    this.#lock = undefined;
    const lock = WriterLock.acquire(this.directory);
    this.refresh();
    this.#lock = lock;
    this.removeOrphans();
  }

  /**
   * Makes a state current, see {@link writeManifest}. Its files must have been published already.
   * @throws TextIndexError `index_locked` when the lock was lost meanwhile.
   */
  publish(next: NextManifest): Snapshot {
    if (this.#lock?.held() !== true) {
      throw new TextIndexError('index_locked', 'Another process took over this index; open it again.');
    }
    syncDirectory(this.directory);
    const manifest = { ...next, generation: (this.#manifest?.generation ?? 0) + 1 };
    writeManifest(this.directory, manifest);
    const snapshot = this.#install(manifest);
    this.#manifestStamp = this.#stamp();
    this.removeOrphans();
    if (snapshot === undefined)
      throw new TextIndexError('index_corrupt', 'The published state cannot be opened.');
    return snapshot;
  }

  /** The files of the current state after some changes, sorted. */
  foldFiles(changes: readonly TreeChange[]): readonly FileRecord[] {
    return applyChanges(this.#current?.files ?? [], changes);
  }

  /** Removes every file that the current state does not name. Only the writer may call this. */
  removeOrphans(): void {
    const named = new Set([MANIFEST_FILE, LOCK_FILE, this.#manifest?.tree.file ?? '']);
    for (const segment of this.#manifest?.segments ?? []) named.add(segment.file);
    const isOrphan = (name: string): boolean =>
      !named.has(name) &&
      !name.startsWith(LOCK_FILE) &&
      ![...this.#unpublished].some((prefix) => name.startsWith(prefix));
    const orphans = readdirSync(this.directory).filter(isOrphan);
    // A manifest that comes back after a loss of power must find what it names.
    if (orphans.length > 0) syncDirectory(this.directory);
    for (const name of orphans) rmSync(`${this.directory}/${name}`, { force: true });
  }

  /** Protects files with this prefix, which a running job is writing, from {@link removeOrphans}. */
  protect(prefix: string): { [Symbol.dispose](): void } {
    this.#unpublished.add(prefix);
    return { [Symbol.dispose]: () => void this.#unpublished.delete(prefix) };
  }

  /** Closes every file and gives the lock back. */
  close(): void {
    this.#lock?.release();
    this.#lock = undefined;
    for (const { reader } of this.#readers.values()) reader.close();
    this.#readers.clear();
    this.#current = undefined;
  }

  #install(manifest: Manifest | undefined): Snapshot | undefined {
    const previous = this.#current;
    const opened = manifest === undefined ? undefined : this.#open(manifest);
    this.#manifest = manifest;
    this.#current = opened;
    if (previous !== undefined && (this.#uses.get(previous) ?? 0) === 0) this.#retire(previous);
    return opened;
  }

  #open(manifest: Manifest): Snapshot {
    const segments: SegmentReader[] = [];
    try {
      for (const record of manifest.segments) segments.push(this.#reader(record));
      const files = applyChanges(this.#treeFiles(manifest.tree), manifest.changes);
      return new Snapshot({ generation: manifest.generation, segments, files, previous: this.#current });
    } catch (error) {
      for (const segment of segments) this.#leave(segment);
      throw error;
    }
  }

  #reader(record: SegmentRecord): SegmentReader {
    const known = this.#readers.get(record.file);
    if (known !== undefined) {
      known.users++;
      return known.reader;
    }
    let resident = record.bytes - record.contentBytes;
    for (const open of this.#readers.values()) resident += open.reader.residentBytes;
    const reader = new SegmentReader(this.directory, record, {
      residentPostings: resident <= RESIDENT_POSTINGS_MAX,
    });
    this.#readers.set(record.file, { reader, users: 1 });
    return reader;
  }

  #treeFiles(record: TreeRecord): readonly FileRecord[] {
    if (this.#tree?.record.file !== record.file)
      this.#tree = { record, files: readTree(this.directory, record) };
    return this.#tree.files;
  }

  #retire(snapshot: Snapshot): void {
    this.#uses.delete(snapshot);
    for (const segment of snapshot.segments) this.#leave(segment);
  }

  #leave(segment: SegmentReader): void {
    const open = this.#readers.get(segment.record.file);
    if (open === undefined) return;
    open.users--;
    if (open.users > 0) return;
    this.#readers.delete(segment.record.file);
    open.reader.close();
  }

  #stamp(): string {
    try {
      const { ino, mtimeNs, size } = statSync(`${this.directory}/${MANIFEST_FILE}`, { bigint: true });
      return `${ino} ${mtimeNs} ${size}`;
    } catch (error) {
      if (isMissing(error)) return '';
      throw error;
    }
  }
}
