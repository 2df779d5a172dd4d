// The vectors of one index and one model: the file, who writes it, and which blobs the tree has now.
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hasNoWriter, WriterLock } from '../index/store/writer-lock.ts';
import { TextIndexError } from '../index/text-index-error.ts';
import { type BlobVectors, VectorFile } from './vector-file.ts';
import { type NearChunk, scanVectors, type VectorQuery } from './vector-scan.ts';

const FILE = 'vectors';
/** The vectors of a model that nobody asked for so long are removed: they cost more to keep than to make again. */
const UNUSED_MS = 7 * 86_400_000;

/** Used from one thread only. */
export class VectorStore {
  readonly #folder: string;
  #lock: WriterLock | undefined;
  #file: VectorFile;
  #live: ReadonlySet<string> = new Set();

  /** `folder` is named for the model; those of other models lie beside it. */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    this.#lock = tryLock(folder);
    this.#file = this.#open();
    if (this.#lock !== undefined) removeUnused(folder);
  }

  get isWriter(): boolean {
    return this.#lock !== undefined;
  }

  get dimension(): number | undefined {
    return this.#file.dimension;
  }

  get chunks(): number {
    return this.#file.chunks;
  }

  /** Makes `blobs` what the tree has; returns those without vectors. Takes over where the writer is gone. */
  follow(blobs: readonly string[]): readonly string[] {
    if (this.#lock === undefined) {
      this.#lock = tryLock(this.#folder);
      if (this.#lock !== undefined) {
        this.#file.close();
        this.#file = this.#open();
      }
    }
    this.#file.follow();
    this.#live = new Set(blobs);
    this.#file.compact(this.#live);
    return [...this.#live].filter((blob) => !this.#file.has(blob));
  }

  /** Vectors that this store has of some blobs, those that have none among them. */
  *vectorsOf(blobs: readonly string[]): Generator<BlobVectors> {
    yield* this.#file.read(blobs);
  }

  add(vectors: BlobVectors): void {
    if (this.isWriter && !this.#file.has(vectors.blob)) this.#file.add(vectors);
  }

  /** Over `blobs`, else over everything that the tree has. `missing` counts those without vectors. */
  search(query: Omit<VectorQuery, 'blobs'> & { readonly blobs: readonly string[] | undefined }): {
    readonly near: readonly NearChunk[];
    readonly missing: number;
  } {
    this.#file.follow();
    const blobs = query.blobs?.filter((blob) => this.#live.has(blob)) ?? [...this.#live];
    const missing = blobs.reduce((sum, blob) => sum + (this.#file.has(blob) ? 0 : 1), 0);
    return { near: scanVectors(this.#file, { ...query, blobs }), missing };
  }

  close(): void {
    this.#file.close();
    this.#lock?.release();
  }

  #open(): VectorFile {
    return new VectorFile(join(this.#folder, FILE), { isWriter: this.isWriter });
  }
}

function tryLock(folder: string): WriterLock | undefined {
  try {
    return WriterLock.acquire(folder);
  } catch (error) {
    if (error instanceof TextIndexError && error.code === 'index_locked') return undefined;
    throw error;
  }
}

function removeUnused(folder: string): void {
  const all = dirname(folder);
  for (const name of readdirSync(all)) {
    const other = join(all, name);
    if (other === folder || !hasNoWriter(other)) continue;
    if (statSync(other).mtimeMs < Date.now() - UNUSED_MS) rmSync(other, { recursive: true, force: true });
  }
}
