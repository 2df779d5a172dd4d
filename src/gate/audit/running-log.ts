// The audit log of a process: what it is made with, and what it offers beside the two ways of writing.
import type { AuditLog } from './audit.ts';
import type { AuditEntry } from './entry.ts';
import type { ChainPlace, WriterStart } from './messages.ts';
import type { Anchor } from './proof.ts';

/** Where it keeps its records, and whom it tells. */
export interface AuditLogOptions {
  readonly table: WriterStart['table'];
  readonly signingKey: string;
  readonly file?: WriterStart['file'];
  /**
   * The thread, some 12 MB, begins with the first record instead of at once: for a process that records changes by
   * administrators only. `ready` then tells nothing, and a log that cannot be opened is a `problem` from then on.
   */
  readonly isLazy?: boolean;
  /** Told once per record that was lost. */
  readonly dropped?: () => void;
  /** Told of each record that was taken. */
  readonly counted?: (eventType: string) => void;
  /** Told when the log becomes unable to store, and with undefined when it can again. */
  readonly troubled?: (problem: string | undefined) => void;
  /** The same for the file beside the table. */
  readonly fileTroubled?: (problem: string | undefined) => void;
  /** Milliseconds since the epoch; `Date.now` by default. */
  readonly now?: () => number;
}

/** The log with what only those who run the process need. */
export interface RunningAuditLog extends AuditLog {
  /** This process's name in the chains. */
  readonly writer: string;
  /** Rejects with StateError when the log cannot be opened. */
  readonly ready: Promise<void>;
  record(entry: AuditEntry): void;
  commit(entry: AuditEntry): Promise<{ readonly id: string }>;
  /** Why nothing can be stored now, or undefined: while it is set, writes are refused. */
  problem(): string | undefined;
  /** Values that must not be kept, wherever they appear. */
  addSecrets(values: Iterable<string>): void;
  /** Resolves when everything so far is durable; rejects when it could not be stored. */
  flush(): Promise<void>;
  /** For the end of a crashing process: waits without a loop, for a short while. */
  flushSync(): void;
  /** Retention: removes what the anchor covers. */
  removePrefix(anchor: Anchor): Promise<number>;
  /** Remembers how far a receiver has got; lost with the process, it is asked for records again. */
  moveCursor(place: ChainPlace): void;
  close(): Promise<void>;
}
