// The facts of each blob on disk, so that a text is parsed once whatever its names, branches and restarts. One line a
// blob, with a checksum; a line that was cut off by a crash ends what is read. Whatever is missing is parsed again.
// One process keeps the file; others work on a copy that ends with them.
import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { WriterLock } from '../index/store/writer-lock.ts';
import { TextIndexError } from '../index/text-index-error.ts';
import type { FileFacts } from './facts.ts';
import { unpackFacts } from './packed-facts.ts';

/** Raised when facts are to be made anew: another query, another shape. */
export const FACTS_SCHEME = 4;
const LINE_FEED = 0x0a;
/** The file is written anew without what nobody needs once that is more than half of it, and worth the work. */
const COMPACT_BYTES_MIN = 8 << 20;
const READ_BYTES = 4 << 20;

interface Place {
  readonly offset: number;
  readonly length: number;
}

/** What one blob is known by: its content and the grammar that read it. */
export function factsKey(blob: string, grammar: string): string {
  return `${blob}.${grammar}`;
}

/** Facts by key. Used from one thread only. */
export class FactsStore {
  readonly #path: string;
  /** Undefined: another process keeps the file, and this is a copy. */
  readonly #lock: WriterLock | undefined;
  #descriptor: number;
  #end: number;
  readonly #places = new Map<string, Place>();

  /**
   * Reads what is there; `each` is told of every key once, so that tables are filled in the same pass. `isReader` leaves the
   * file to whoever keeps it, also where nobody does now.
   */
  constructor(
    directory: string,
    each: (key: string, facts: FileFacts) => void,
    options: { readonly isReader?: boolean } = {},
  ) {
    mkdirSync(directory, { recursive: true });
    this.#path = join(directory, `facts.${FACTS_SCHEME}`);
    this.#lock = options.isReader === true ? undefined : tryLock(directory);
    if (this.#lock !== undefined) removeOlder(directory);
    this.#descriptor = this.#lock === undefined ? openCopy(this.#path) : openFile(this.#path);
    this.#end = this.#load(each);
  }

  has(key: string): boolean {
    return this.#places.has(key);
  }

  get isEmpty(): boolean {
    return this.#places.size === 0;
  }

  /** The facts of a key that {@link has} knows. */
  read(key: string): FileFacts | undefined {
    const place = this.#places.get(key);
    if (place === undefined) return undefined;
    const line = Buffer.allocUnsafe(place.length);
    readSync(this.#descriptor, line, 0, place.length, place.offset);
    return parseLine(line)?.facts;
  }

  /** Adds packed facts. A crash may lose them, never damage them. */
  add(key: string, packed: string): void {
    const body = Buffer.from(`${key} ${packed}`);
    const line = Buffer.concat([Buffer.from(`${crc32(body)} `), body, Buffer.from('\n')]);
    writeSync(this.#descriptor, line, 0, line.length, this.#end);
    this.#places.set(key, { offset: this.#end, length: line.length - 1 });
    this.#end += line.length;
  }

  /** Drops what no key of `needed` names, once it is worth it. */
  compact(needed: ReadonlySet<string>): void {
    if (this.#lock === undefined) return;
    let kept = 0;
    for (const [key, { length }] of this.#places) if (needed.has(key)) kept += length + 1;
    if (this.#end < COMPACT_BYTES_MIN || kept * 2 > this.#end) return;
    const next = `${this.#path}.next`;
    const descriptor = openSync(next, 'w+');
    const places = new Map<string, Place>();
    let end = 0;
    for (const [key, { offset, length }] of this.#places) {
      if (!needed.has(key)) continue;
      const line = Buffer.allocUnsafe(length + 1);
      readSync(this.#descriptor, line, 0, length + 1, offset);
      writeSync(descriptor, line, 0, line.length, end);
      places.set(key, { offset: end, length });
      end += line.length;
    }
    closeSync(this.#descriptor);
    renameSync(next, this.#path);
    this.#descriptor = descriptor;
    this.#end = end;
    this.#places.clear();
    for (const [key, place] of places) this.#places.set(key, place);
  }

  close(): void {
    closeSync(this.#descriptor);
    this.#lock?.release();
  }

  #load(each: (key: string, facts: FileFacts) => void): number {
    const { size } = fstatSync(this.#descriptor);
    let offset = 0;
    let rest: Buffer = Buffer.alloc(0);
    for (let at = 0; at < size; ) {
      const part = Buffer.allocUnsafe(Math.min(READ_BYTES, size - at));
      at += readSync(this.#descriptor, part, 0, part.length, at);
      let text = rest.length === 0 ? part : Buffer.concat([rest, part]);
      for (let end = text.indexOf(LINE_FEED); end >= 0; end = text.indexOf(LINE_FEED)) {
        const entry = parseLine(text.subarray(0, end));
        if (entry === undefined) return this.#cutAt(offset);
        // Facts follow from their key: a second entry would say the same.
        if (!this.#places.has(entry.key)) each(entry.key, entry.facts);
        this.#places.set(entry.key, { offset, length: end });
        offset += end + 1;
        text = text.subarray(end + 1);
      }
      rest = text;
    }
    return rest.length === 0 ? offset : this.#cutAt(offset);
  }

  #cutAt(offset: number): number {
    ftruncateSync(this.#descriptor, offset);
    return offset;
  }
}

function tryLock(directory: string): WriterLock | undefined {
  try {
    return WriterLock.acquire(directory);
  } catch (error) {
    if (error instanceof TextIndexError && error.code === 'index_locked') return undefined;
    throw error;
  }
}

/** What an earlier version kept in its own shape. */
function removeOlder(directory: string): void {
  for (let scheme = 1; scheme < FACTS_SCHEME; scheme++)
    rmSync(join(directory, `facts.${scheme}`), { force: true });
}

function openFile(path: string): number {
  return openSync(path, existsSync(path) ? 'r+' : 'w+');
}

/** The copy has no name any more, so it is gone with the process however that ends. */
function openCopy(path: string): number {
  const copy = `${path}.${crypto.randomUUID()}`;
  if (existsSync(path)) copyFileSync(path, copy);
  const descriptor = openFile(copy);
  rmSync(copy);
  return descriptor;
}

function parseLine(line: Buffer): { readonly key: string; readonly facts: FileFacts } | undefined {
  const text = line.toString();
  const first = text.indexOf(' ');
  const second = text.indexOf(' ', first + 1);
  if (first < 0 || second < 0 || String(crc32(text.slice(first + 1))) !== text.slice(0, first))
    return undefined;
  // The checksum vouches for the shape: only `add` writes lines.
  return { key: text.slice(first + 1, second), facts: unpackFacts(text.slice(second + 1)) };
}
