// The part of tar (POSIX.1-1988 ustar) that archives of indexes consist of: regular files with short names.
import { ArchiveRefusal } from './archive-refusal.ts';

const BLOCK = 512;
const NAME_BYTES = 100;
/** What ends an archive: two blocks of zeros, padded to this by other programs. */
const END_BYTES_MAX = 64 * 1024;

/** The header of a file, and what pads its content to whole blocks. */
export function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, NAME_BYTES);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  // The epoch: the same index makes the same archive.
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\0' + '00', 257);
  header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** Zeros up to the next whole block. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** What ends an archive. */
export const TAR_END = Buffer.alloc(2 * BLOCK);

/** One entry as its header says it. */
export interface TarEntry {
  readonly name: string;
  readonly size: number;
}

/** Reads entries one after the other; never holds more than one part of the source. */
export class TarReader {
  readonly #source: AsyncIterator<Buffer>;
  #part: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next header; undefined at the end. @throws ArchiveRefusal `damaged` or `unsafe`. */
  async next(): Promise<TarEntry | undefined> {
    const header = await this.#take(BLOCK);
    if (header.every((byte) => byte === 0)) {
      await this.#demandEnd();
      return undefined;
    }
    const sum = Number.parseInt(textAt(header, 148, 8), 8);
    const blanked = Buffer.from(header);
    blanked.write('        ', 148);
    if (sum !== checksum(blanked) || textAt(header, 257, 5) !== 'ustar')
      throw new ArchiveRefusal('damaged', 'The archive holds a header that is none; fetch it again.');
    const name = textAt(header, 0, NAME_BYTES);
    const type = header.toString('latin1', 156, 157);
    // Links, folders, devices and long names: no export makes any.
    if ((type !== '0' && type !== '\0') || textAt(header, 345, 155) !== '')
      throw new ArchiveRefusal(
        'unsafe',
        `The archive holds ${JSON.stringify(name)}, which is no plain file.`,
      );
    const octal = textAt(header, 124, 12).trim();
    if (!/^[0-7]{1,11}$/.test(octal))
      throw new ArchiveRefusal('damaged', `The archive does not say how large ${JSON.stringify(name)} is.`);
    return { name, size: Number.parseInt(octal, 8) };
  }

  /** The content of the entry whose header was read, in parts; must be read to its end. */
  async *content({ size }: TarEntry): AsyncGenerator<Buffer> {
    for (let left = size; left > 0; ) {
      const part = await this.#some(left);
      left -= part.length;
      yield part;
    }
    await this.#take(tarPadding(size).length);
  }

  async #demandEnd(): Promise<void> {
    for (let bytes = 0; ; ) {
      if (this.#part.length === 0) {
        const next = await this.#pull();
        if (next === undefined) return;
        this.#part = next;
      }
      bytes += this.#part.length;
      if (bytes > END_BYTES_MAX || this.#part.some((byte) => byte !== 0))
        throw new ArchiveRefusal('unsafe', 'Something follows the end of the archive.');
      this.#part = Buffer.alloc(0);
    }
  }

  async #take(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let left = length; left > 0; ) {
      const part = await this.#some(left);
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }

  async #some(most: number): Promise<Buffer> {
    while (this.#part.length === 0) {
      const next = await this.#pull();
      if (next === undefined) throw new ArchiveRefusal('damaged', 'The archive ends early; fetch it again.');
      this.#part = next;
    }
    const part = this.#part.subarray(0, most);
    this.#part = this.#part.subarray(part.length);
    return part;
  }

  async #pull(): Promise<Buffer | undefined> {
    try {
      const { done, value } = await this.#source.next();
      return done === true ? undefined : value;
    } catch (cause) {
      // Of unpacking: cut off, or no gzip at all.
      throw new ArchiveRefusal('damaged', 'The archive cannot be unpacked; fetch it again.', { cause });
    }
  }
}

function textAt(header: Buffer, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('latin1', 0, end < 0 ? length : end);
}

/** Sum of the bytes, with the checksum's own taken as blanks. */
function checksum(header: Buffer): number {
  return header.reduce((sum, byte) => sum + byte, 0);
}
