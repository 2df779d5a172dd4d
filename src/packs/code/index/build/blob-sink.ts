// Writes blobs into as many segments as they need and remembers which it has, so that equal files cost nothing.

import { type SegmentRecord, SegmentWriter } from '../segment/segment-writer.ts';

/** Accumulates blobs; {@link finish} publishes the segments. */
export class BlobSink {
  readonly #directory: string;
  readonly #prefix: string;
  readonly #isKnown: (id: string) => boolean;
  readonly #added = new Set<string>();
  readonly #published: SegmentRecord[] = [];
  #writer: SegmentWriter | undefined;
  #count = 0;

  /** `isKnown` tells which hexadecimal ids need not be written because a segment has them. */
  constructor(options: {
    readonly directory: string;
    readonly prefix: string;
    readonly isKnown: (id: string) => boolean;
  }) {
    this.#directory = options.directory;
    this.#prefix = options.prefix;
    this.#isKnown = options.isKnown;
  }

  /** Adds a blob unless it is known; tells whether it was new. */
  add(id: string, text: Buffer): boolean {
    if (this.#added.has(id) || this.#isKnown(id)) return false;
    this.#added.add(id);
    if (this.#writer?.full(text.length) === true) this.#publish();
    this.#writer ??= new SegmentWriter(this.#directory, `${this.#prefix}${this.#count++}.segment`);
    this.#writer.add(Buffer.from(id, 'hex'), text);
    return true;
  }

  /** Publishes what is open and returns every segment. */
  finish(): SegmentRecord[] {
    this.#publish();
    return this.#published;
  }

  /** Gives up the open segment; published ones become orphans. */
  abandon(): void {
    this.#writer?.abandon();
    this.#writer = undefined;
  }

  #publish(): void {
    if (this.#writer === undefined) return;
    this.#published.push(this.#writer.publish());
    this.#writer = undefined;
  }
}
