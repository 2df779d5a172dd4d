// What the main loop and the audit thread say to each other.
import type { StoreAddress } from '../../store/open-store.ts';
import type { Anchor } from './proof.ts';

/** Where the thread keeps the log; everything it needs to begin. */
export interface WriterStart {
  readonly writer: string;
  /** A file of its own, or the store of a cluster. */
  readonly table: StoreAddress;
  /** Base64 of the Ed25519 seed. */
  readonly signingKey: string;
  /** Absent: no file beside the table. */
  readonly file?: { readonly path: string; readonly maxBytes: number; readonly maxFiles: number };
  /** One number: the last batch that is settled, for whoever must wait without a loop. */
  readonly settled: SharedArrayBuffer;
}

/** How far a receiver has got in one chain. */
export interface ChainPlace {
  readonly receiver: string;
  readonly writer: string;
  readonly tenantId: string;
  readonly seq: number;
}

export type ToWriter =
  /** `entries` is a JSON array of stamped entries. Batches are numbered from 1. Of one that is awaited a caller waits. */
  | {
      readonly kind: 'batch';
      readonly number: number;
      readonly entries: string;
      readonly isAwaited: boolean;
    }
  /** Somebody waits now for what was sent before. */
  | { readonly kind: 'hurry' }
  /** Values that the redaction must find from now on. */
  | { readonly kind: 'secrets'; readonly values: readonly string[] }
  | { readonly kind: 'remove'; readonly id: number; readonly anchor: Anchor }
  | { readonly kind: 'cursor'; readonly place: ChainPlace }
  /** Writes what it has and a last checkpoint, then ends. */
  | { readonly kind: 'close' };

export type FromWriter =
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly message: string }
  /** Every batch up to this one is durable. */
  | { readonly kind: 'written'; readonly upTo: number }
  /** Not durable yet, and tried again; whoever waits for a batch up to this one is told so now. */
  | { readonly kind: 'failed'; readonly upTo: number; readonly message: string }
  | { readonly kind: 'removed'; readonly id: number; readonly count: number; readonly error?: string }
  /** The file beside the table cannot be written; the table goes on. */
  | { readonly kind: 'file'; readonly problem: string | undefined }
  | { readonly kind: 'closed' };
