// The vectors of blobs in one file: a record a blob, each with a checksum, only ever appended. A record that was cut off
// by a crash ends what is read. In memory is only where each record lies.
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { crc32 } from 'node:zlib';
import { BLOB_ID_BYTES } from '../index/segment/segment-reader.ts';

/** Vectors of one blob, a row of `values` each: component over the scale of its row. */
export interface BlobVectors {
  readonly blob: string;
  /** First and last line of each chunk, in turn. */
  readonly lines: Uint32Array;
  readonly scales: Float32Array;
  readonly values: Int16Array;
}

/** Length of the rest and its checksum. */
const HEAD_BYTES = 8;
/** Blob id, number of chunks, dimension. */
const FIXED_BYTES = BLOB_ID_BYTES + 8;
/** Two lines and a scale. */
const CHUNK_BYTES = 12;
/** Two, so that places are those of full precision; every part of a record is even, so they lie where they can be read. */
const COMPONENT_BYTES = 2;
const COMPONENT_MAX = 32_767;
/** A longer record is damage: 64 MiB are 8,000 vectors of 4,096 components. */
const RECORD_BYTES_MAX = 64 << 20;
/** Read at a time during a scan: large enough that system calls do not count. */
const WINDOW_BYTES = 4 << 20;
/** The file is written anew without what nobody needs once that is more than half of it, and worth the work. */
const COMPACT_BYTES_MIN = 8 << 20;

interface Place {
  readonly offset: number;
  readonly bytes: number;
  readonly chunks: number;
}

/** One file. Used from one thread only; `isWriter` appends and compacts, others follow. */
export class VectorFile {
  readonly #path: string;
  readonly #isWriter: boolean;
  #descriptor: number | undefined;
  #inode = 0;
  #end = 0;
  #places = new Map<string, Place>();
  #dimension: number | undefined;

  constructor(path: string, options: { readonly isWriter: boolean }) {
    this.#path = path;
    this.#isWriter = options.isWriter;
    this.follow();
  }

  /** Components of a vector; undefined before the first. */
  get dimension(): number | undefined {
    return this.#dimension;
  }

  get blobs(): number {
    return this.#places.size;
  }

  get chunks(): number {
    let sum = 0;
    for (const { chunks } of this.#places.values()) sum += chunks;
    return sum;
  }

  has(blob: string): boolean {
    return this.#places.has(blob);
  }

  /** Reads what another process has added, or put in place of it. */
  follow(): void {
    if (this.#isWriter && this.#descriptor !== undefined) return;
    if (!this.#isWriter && !existsSync(this.#path)) return;
    const inode = existsSync(this.#path) ? statSync(this.#path).ino : 0;
    if (this.#descriptor === undefined || inode !== this.#inode) {
      this.close();
      this.#descriptor = openSync(this.#path, this.#isWriter ? (inode === 0 ? 'w+' : 'r+') : 'r');
      this.#inode = fstatSync(this.#descriptor).ino;
      this.#forget();
    }
    this.#load(this.#descriptor);
  }

  /** Appends the vectors of a blob, durable with the next one at the latest. Zero chunks say that there are none. */
  add({ blob, lines, scales, values }: BlobVectors): void {
    const chunks = scales.length;
    const dimension = chunks === 0 ? 0 : values.length / chunks;
    if (dimension > 0 && this.#dimension !== undefined && dimension !== this.#dimension)
      throw new Error(`Vectors of ${dimension} components do not fit into a file of ${this.#dimension}.`);
    const rest = Buffer.alloc(FIXED_BYTES + chunks * (CHUNK_BYTES + dimension * COMPONENT_BYTES));
    rest.set(Buffer.from(blob, 'hex'), 0);
    rest.writeUInt32LE(chunks, BLOB_ID_BYTES);
    rest.writeUInt32LE(dimension, BLOB_ID_BYTES + 4);
    for (let chunk = 0; chunk < chunks; chunk++) {
      const at = FIXED_BYTES + chunk * CHUNK_BYTES;
      rest.writeUInt32LE(lines[2 * chunk] ?? 0, at);
      rest.writeUInt32LE(lines[2 * chunk + 1] ?? 0, at + 4);
      rest.writeFloatLE(scales[chunk] ?? 0, at + 8);
    }
    rest.set(
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      FIXED_BYTES + chunks * CHUNK_BYTES,
    );
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32LE(rest.length, 0);
    head.writeUInt32LE(crc32(rest), 4);
    this.#append(Buffer.concat([head, rest]));
    this.#know(blob, { offset: this.#end, bytes: rest.length, chunks }, dimension);
    this.#end += HEAD_BYTES + rest.length;
  }

  /** The vectors of each of these blobs that the file knows, in the order of the file. They live until the next one. */
  *read(blobs: Iterable<string>): Generator<BlobVectors> {
    const wanted: (readonly [string, Place])[] = [];
    for (const blob of blobs) {
      const place = this.#places.get(blob);
      if (place !== undefined && place.chunks > 0) wanted.push([blob, place]);
    }
    wanted.sort((a, b) => a[1].offset - b[1].offset);
    let window: Buffer = Buffer.alloc(0);
    let start = 0;
    for (const [blob, { offset, bytes, chunks }] of wanted) {
      const from = offset + HEAD_BYTES;
      if (from < start || from + bytes > start + window.length) {
        window = this.#bytes(from, Math.max(bytes, Math.min(WINDOW_BYTES, this.#end - from)));
        start = from;
      }
      yield decode(blob, window.subarray(from - start, from - start + bytes), chunks);
    }
  }

  /** As {@link read}, of every blob. */
  all(): Generator<BlobVectors> {
    return this.read([...this.#places.keys()]);
  }

  /** Drops what is not among `needed`, once it is worth it. */
  compact(needed: ReadonlySet<string>): void {
    if (!this.#isWriter || this.#end < COMPACT_BYTES_MIN) return;
    let kept = 0;
    for (const [blob, { bytes }] of this.#places) if (needed.has(blob)) kept += HEAD_BYTES + bytes;
    if (kept * 2 > this.#end) return;
    const next = `${this.#path}.next`;
    const descriptor = openSync(next, 'w+');
    let end = 0;
    for (const [blob, { offset, bytes }] of this.#places) {
      if (!needed.has(blob)) continue;
      writeSync(descriptor, this.#bytes(offset, HEAD_BYTES + bytes), 0, HEAD_BYTES + bytes, end);
      end += HEAD_BYTES + bytes;
    }
    this.close();
    renameSync(next, this.#path);
    this.#descriptor = descriptor;
    this.#inode = fstatSync(descriptor).ino;
    this.#forget();
    this.#load(descriptor);
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #forget(): void {
    this.#end = 0;
    this.#places = new Map();
    this.#dimension = undefined;
  }

  #load(descriptor: number): void {
    const { size } = fstatSync(descriptor);
    while (this.#end + HEAD_BYTES + FIXED_BYTES <= size) {
      const head = this.#bytes(this.#end, HEAD_BYTES);
      const bytes = head.readUInt32LE(0);
      if (bytes < FIXED_BYTES || bytes > RECORD_BYTES_MAX || this.#end + HEAD_BYTES + bytes > size) break;
      const rest = this.#bytes(this.#end + HEAD_BYTES, bytes);
      if (crc32(rest) !== head.readUInt32LE(4)) break;
      const chunks = rest.readUInt32LE(BLOB_ID_BYTES);
      const place = { offset: this.#end, bytes, chunks };
      this.#know(rest.toString('hex', 0, BLOB_ID_BYTES), place, rest.readUInt32LE(BLOB_ID_BYTES + 4));
      this.#end += HEAD_BYTES + bytes;
    }
    // What follows is no record: a crash cut it off. A reader sees one that is being written, and reads it next time.
    if (this.#isWriter && this.#end < size) ftruncateSync(descriptor, this.#end);
  }

  #know(blob: string, place: Place, dimension: number): void {
    this.#places.set(blob, place);
    if (dimension > 0) this.#dimension ??= dimension;
  }

  #append(bytes: Buffer): void {
    if (this.#descriptor === undefined) throw new Error('The file of vectors is closed.');
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.#descriptor, bytes, done, bytes.length - done, this.#end + done);
  }

  #bytes(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    if (this.#descriptor === undefined) throw new Error('The file of vectors is closed.');
    for (let done = 0; done < length; ) {
      const count = readSync(this.#descriptor, bytes, done, length - done, offset + done);
      if (count === 0) throw new Error('The file of vectors is shorter than it was.');
      done += count;
    }
    return bytes;
  }
}

function decode(blob: string, rest: Buffer, chunks: number): BlobVectors {
  const lines = new Uint32Array(chunks * 2);
  const scales = new Float32Array(chunks);
  for (let chunk = 0; chunk < chunks; chunk++) {
    const at = FIXED_BYTES + chunk * CHUNK_BYTES;
    lines[2 * chunk] = rest.readUInt32LE(at);
    lines[2 * chunk + 1] = rest.readUInt32LE(at + 4);
    scales[chunk] = rest.readFloatLE(at + 8);
  }
  const start = FIXED_BYTES + chunks * CHUNK_BYTES;
  const values = new Int16Array(
    rest.buffer,
    rest.byteOffset + start,
    (rest.length - start) / COMPONENT_BYTES,
  );
  return { blob, lines, scales, values };
}

/** Vectors as whole numbers: a component is off by at most 1/65,534 of the largest of its vector, for half the space. */
export function quantise(
  blob: string,
  chunks: readonly { readonly line: number; readonly lineEnd: number }[],
  vectors: readonly Float32Array[],
): BlobVectors {
  const dimension = vectors[0]?.length ?? 0;
  const lines = Uint32Array.from(chunks.flatMap(({ line, lineEnd }) => [line, lineEnd]));
  const scales = new Float32Array(vectors.length);
  const values = new Int16Array(vectors.length * dimension);
  for (const [row, vector] of vectors.entries()) {
    let largest = 0;
    for (const component of vector) largest = Math.max(largest, Math.abs(component));
    const scale = largest / COMPONENT_MAX;
    scales[row] = scale;
    for (const [at, component] of vector.entries())
      values[row * dimension + at] = Math.round(component / scale);
  }
  return { blob, lines, scales, values };
}
