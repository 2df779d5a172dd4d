// Where records are kept, as the writer and the readers of the log see it.
import type { ChainPlace } from './messages.ts';
import type { Anchor, AttestedHead, Checkpoint } from './proof.ts';
import type { AuditRecord } from './record.ts';

/** What is stored together, all or none. */
export interface AuditGroup {
  readonly records: readonly AuditRecord[];
  /** Of the chains that the records belong to. */
  readonly heads: readonly AttestedHead[];
  readonly checkpoint?: Checkpoint;
}

/** The side of the writer. */
export interface AuditTable {
  /**
   * Resolves when the group is stored, so that it outlives the process, with whether it and all before it also outlive the
   * machine; with `mustSync` they do. May be asked again for the same group after it rejected: what an earlier attempt
   * stored is not stored twice.
   */
  append(group: AuditGroup, mustSync: boolean): Promise<boolean>;
  lastCheckpoints(
    limit: number,
  ): Promise<readonly (readonly [writer: string, number: number, hash: string])[]>;
  /** Removes what the anchor covers, at most `limit` records at a time; resolves with how many were removed. */
  removePrefix(anchor: Anchor): Promise<number>;
  /** Remembers how far a receiver has got. */
  moveCursor(place: ChainPlace): Promise<void>;
  close(): Promise<void>;
}
