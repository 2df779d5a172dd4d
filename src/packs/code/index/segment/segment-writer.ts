// Writes one immutable segment: the contents of blobs one after the other, cut into blocks at line ends, and
// the postings of the blocks. A segment knows blobs, not paths.

import { SectionWriter } from './section-file.ts';
import { sectionBytes } from './segment-layout.ts';
import { BLOCKS_MAX, TrigramCollector } from './trigram-collector.ts';

/** Blocks are cut at the first line end after this many bytes: measured best between 4 and 32 KiB. */
const BLOCK_BYTES = 8192;
/** A segment is closed at this size; it bounds what the writer holds in memory to about twice as much. */
const SEGMENT_BYTES_MAX = 64 << 20;
const LINE_FEED = 0x0a;

/** What the manifest records of a segment. */
export interface SegmentRecord {
  readonly file: string;
  /** Length of the file. */
  readonly bytes: number;
  /** Checksum of its footer, which holds the checksums of the rest. */
  readonly crc: number;
  /** Bytes of blob content in it. */
  readonly contentBytes: number;
  readonly blobs: number;
}

/** Accumulates one segment; {@link full} says when to start another. */
export class SegmentWriter {
  readonly #file: string;
  readonly #writer: SectionWriter;
  readonly #trigrams = new TrigramCollector();
  readonly #ids: Buffer[] = [];
  readonly #firstBlocks: number[] = [];
  readonly #blockOffsets: number[] = [];
  readonly #blockLines: number[] = [];
  readonly #blockAscii: number[] = [];
  #contentBytes = 0;

  constructor(directory: string, file: string) {
    this.#file = file;
    this.#writer = new SectionWriter(`${directory}/${file}`);
  }

  /** Whether no blob was added. */
  get empty(): boolean {
    return this.#ids.length === 0;
  }

  /** Whether a blob of this size belongs in the next segment. */
  full(nextBytes: number): boolean {
    if (this.empty) return false;
    const blocks = this.#trigrams.blocks + Math.ceil(nextBytes / BLOCK_BYTES) + 1;
    return this.#contentBytes + nextBytes > SEGMENT_BYTES_MAX || blocks > BLOCKS_MAX;
  }

  /** Adds a blob by its 20-byte id. The bytes are copied. */
  add(id: Uint8Array, content: Buffer): void {
    this.#ids.push(Buffer.from(id));
    this.#firstBlocks.push(this.#blockOffsets.length);
    let line = 1;
    for (let start = 0; start < content.length; ) {
      const found = content.indexOf(LINE_FEED, start + BLOCK_BYTES - 1);
      const end = found < 0 ? content.length : found + 1;
      const block = content.subarray(start, end);
      this.#blockOffsets.push(this.#contentBytes + start);
      this.#blockLines.push(line);
      const facts = this.#trigrams.addBlock(block);
      this.#blockAscii.push(facts.ascii ? 1 : 0);
      line += facts.lineFeeds;
      start = end;
    }
    this.#writer.append('content', content);
    this.#contentBytes += content.length;
  }

  /** Writes the tables, syncs, and names the file. */
  publish(): SegmentRecord {
    const postings = this.#trigrams.finish((lists) => this.#writer.append('postings', lists));
    this.#writer.append('keys', sectionBytes(postings.keys));
    this.#writer.append('ends', sectionBytes(postings.ends));
    this.#writer.append(
      'blockOffsets',
      sectionBytes(Uint32Array.from([...this.#blockOffsets, this.#contentBytes])),
    );
    this.#writer.append('blockLines', sectionBytes(Uint32Array.from(this.#blockLines)));
    this.#writer.append('blockAscii', Uint8Array.from(this.#blockAscii));
    this.#writer.append('blockFilters', postings.filters);
    this.#writer.append(
      'firstBlocks',
      sectionBytes(Uint32Array.from([...this.#firstBlocks, this.#blockOffsets.length])),
    );
    this.#writer.append('ids', Buffer.concat(this.#ids));
    const { bytes, crc } = this.#writer.publish();
    return { file: this.#file, bytes, crc, contentBytes: this.#contentBytes, blobs: this.#ids.length };
  }

  /** Gives up; the unfinished file is an orphan. */
  abandon(): void {
    this.#writer.abandon();
  }
}
