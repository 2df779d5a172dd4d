// Follows one chain record by record: whatever was changed, removed, put in or moved breaks it at a known place.
import { type AuditRecord, genesisHash, recordHash } from '../record.ts';
import type { ChainName } from '../source.ts';

/** Something is wrong, and where it begins. */
export interface Finding extends Partial<ChainName> {
  /** The first record that is not as it was written; of a missing one the number it had. */
  readonly seq?: number;
  /** What was found there, as a sentence. */
  readonly problem: string;
}

/** What a chain is known to be at one place. */
export interface ChainPoint {
  readonly seq: number;
  readonly hash: string;
}

/** Stops at the first thing that is wrong: behind it nothing is known any more. */
export class ChainCheck {
  readonly #chain: ChainName;
  #seq: number;
  #hash: string;
  finding: Finding | undefined;

  /** `start` is the record before the first one that will be given; absent where that is the very first. */
  constructor(chain: ChainName, start?: ChainPoint) {
    this.#chain = chain;
    this.#seq = start?.seq ?? 0;
    this.#hash = start?.hash ?? genesisHash(chain.writer, chain.tenantId);
  }

  /** The last record that is as it was written. */
  get end(): ChainPoint {
    return { seq: this.#seq, hash: this.#hash };
  }

  /** Returns whether the chain is still whole. */
  add(record: AuditRecord): boolean {
    if (this.finding !== undefined) return false;
    const expected = this.#seq + 1;
    if (record.seq > expected)
      return this.#fail(expected, `The records ${expected} to ${record.seq - 1} are missing.`);
    if (record.seq < expected) return this.#fail(record.seq, `Record ${record.seq} is there again.`);
    if (record.prevHash !== this.#hash)
      return this.#fail(expected, `Record ${expected} does not continue the record before it.`);
    if (record.hash !== recordHash(record)) return this.#fail(expected, `Record ${expected} was changed.`);
    this.#seq = expected;
    this.#hash = record.hash;
    return true;
  }

  /** What else is known of the chain: a head, a checkpoint. Only places that were passed, or the end, can be asked. */
  fail(seq: number, problem: string): void {
    this.#fail(seq, problem);
  }

  #fail(seq: number, problem: string): boolean {
    this.finding ??= { ...this.#chain, seq, problem };
    return false;
  }
}
