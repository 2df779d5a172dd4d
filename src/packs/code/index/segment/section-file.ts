// The container of every file of the index: named sections, a footer that locates them with a checksum each,
// and a fixed tail. A file is written under a temporary name, synced and renamed, so a name that exists is whole.

import {
  closeSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { crc32 } from 'node:zlib';
import { TextIndexError } from '../text-index-error.ts';

const MAGIC = 0x31495851;
/** Footer length, footer checksum, magic: three 32-bit words. */
const TAIL_BYTES = 12;
/** A footer names a handful of sections; more bytes mean a damaged tail. */
const FOOTER_BYTES_MAX = 1 << 16;
/** Small writes are gathered: one system call per MiB instead of one per file. */
const BUFFER_BYTES = 1 << 20;
/** The disk starts on written bytes while more are computed, so the final sync has little left to wait for. */
const SYNC_BYTES = 16 << 20;

interface Section {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
  readonly crc: number;
}

/** Suffix of files that are not complete yet. */
export const TEMPORARY_SUFFIX = '.tmp';

/** Writes one container, section after section. */
export class SectionWriter {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #sections: Section[] = [];
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #buffered = 0;
  #offset = 0;
  #unsynced = 0;
  #open: { name: string; offset: number; crc: number } | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(path + TEMPORARY_SUFFIX, 'w');
  }

  /** Appends bytes to the section `name`; a section ends when another begins. */
  append(name: string, bytes: Uint8Array): void {
    if (this.#open?.name !== name) {
      this.#endSection();
      this.#open = { name, offset: this.#offset, crc: 0 };
    }
    if (this.#open !== undefined) this.#open.crc = crc32(bytes, this.#open.crc);
    this.#write(bytes);
  }

  /** Writes footer and tail, syncs, and gives the file its name. Returns its length and the footer's checksum. */
  publish(): { readonly bytes: number; readonly crc: number } {
    this.#endSection();
    const footer = Buffer.from(JSON.stringify(this.#sections));
    const crc = crc32(footer);
    const tail = Buffer.alloc(TAIL_BYTES);
    tail.writeUInt32LE(footer.length, 0);
    tail.writeUInt32LE(crc, 4);
    tail.writeUInt32LE(MAGIC, 8);
    this.#write(footer);
    this.#write(tail);
    this.#flush();
    fsyncSync(this.#descriptor);
    closeSync(this.#descriptor);
    renameSync(this.#path + TEMPORARY_SUFFIX, this.#path);
    return { bytes: this.#offset, crc };
  }

  /** Closes the file without naming it; the orphan is removed at the next start. */
  abandon(): void {
    closeSync(this.#descriptor);
  }

  #endSection(): void {
    if (this.#open === undefined) return;
    const { name, offset, crc } = this.#open;
    this.#sections.push({ name, offset, length: this.#offset - offset, crc });
    this.#open = undefined;
  }

  #write(bytes: Uint8Array): void {
    this.#offset += bytes.length;
    if (bytes.length > BUFFER_BYTES - this.#buffered) this.#flush();
    if (bytes.length > BUFFER_BYTES) {
      this.#writeThrough(bytes);
      return;
    }
    this.#buffer.set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  #flush(): void {
    this.#writeThrough(this.#buffer.subarray(0, this.#buffered));
    this.#buffered = 0;
  }

  #writeThrough(bytes: Uint8Array): void {
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(this.#descriptor, bytes, written, bytes.length - written);
    }
    this.#unsynced += bytes.length;
    if (this.#unsynced < SYNC_BYTES) return;
    this.#unsynced = 0;
    // Only a head start: a failure shows again, and is thrown, in the final fsync.
    fdatasync(this.#descriptor, () => undefined);
  }
}

/** Reads sections of one container; the file may be unlinked while it is open. */
export class SectionFile {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #sections: ReadonlyMap<string, Section>;

  private constructor(path: string, descriptor: number, sections: ReadonlyMap<string, Section>) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.#sections = sections;
  }

  /**
   * Opens a container and checks its length and footer against what the manifest recorded.
   * @throws TextIndexError `index_corrupt`; the error of the file system when there is no such file.
   */
  static open(path: string, expected: { readonly bytes: number; readonly crc: number }): SectionFile {
    const descriptor = openSync(path, 'r');
    try {
      return new SectionFile(path, descriptor, parseFooter(path, descriptor, expected));
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  /** Length of a section in bytes; 0 when there is none. */
  lengthOf(name: string): number {
    return this.#sections.get(name)?.length ?? 0;
  }

  /** A whole section, its checksum verified. */
  read(name: string): Buffer {
    const bytes = Buffer.allocUnsafeSlow(this.lengthOf(name));
    this.readInto(name, 0, bytes);
    if (crc32(bytes) !== (this.#sections.get(name)?.crc ?? 0))
      throw corrupt(this.#path, `checksum of ${name}`);
    return bytes;
  }

  /** Fills `target` with the bytes at `offset` of a section; the checksum is not verified. */
  readInto(name: string, offset: number, target: Uint8Array): void {
    const section = this.#sections.get(name);
    if (target.length === 0) return;
    if (section === undefined || offset + target.length > section.length)
      throw corrupt(this.#path, `range in ${name}`);
    let done = 0;
    while (done < target.length) {
      const count = readSync(
        this.#descriptor,
        target,
        done,
        target.length - done,
        section.offset + offset + done,
      );
      if (count === 0) throw corrupt(this.#path, `length of ${name}`);
      done += count;
    }
  }

  /** Verifies the checksum of every section, reading the whole file. */
  verify(): void {
    for (const name of this.#sections.keys()) this.read(name);
  }

  /** Releases the descriptor. */
  close(): void {
    closeSync(this.#descriptor);
  }
}

function parseFooter(
  path: string,
  descriptor: number,
  expected: { bytes: number; crc: number },
): Map<string, Section> {
  const size = fstatSync(descriptor).size;
  if (size !== expected.bytes || size < TAIL_BYTES) throw corrupt(path, 'length');
  const tail = Buffer.alloc(TAIL_BYTES);
  readSync(descriptor, tail, 0, TAIL_BYTES, size - TAIL_BYTES);
  const length = tail.readUInt32LE(0);
  if (tail.readUInt32LE(8) !== MAGIC || length > FOOTER_BYTES_MAX || length + TAIL_BYTES > size)
    throw corrupt(path, 'tail');
  const footer = Buffer.alloc(length);
  readSync(descriptor, footer, 0, length, size - TAIL_BYTES - length);
  if (crc32(footer) !== tail.readUInt32LE(4) || crc32(footer) !== expected.crc)
    throw corrupt(path, 'checksum of the footer');
  const sections = JSON.parse(footer.toString()) as Section[];
  return new Map(sections.map((section) => [section.name, section]));
}

function corrupt(path: string, what: string): TextIndexError {
  return new TextIndexError('index_corrupt', `Damaged index file ${path} (${what}); rebuild the index.`);
}
