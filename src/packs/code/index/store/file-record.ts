// What the index knows about one file of the tree.

/**
 * Why a file is, or is not, searchable.
 * - `indexed`: its text is in a segment.
 * - `binary`: it holds a NUL byte.
 * - `too_large`, `long_line`: above the configured sizes.
 * - `secret`: its name or a private-key block says so.
 * - `unreadable`: the file system refused.
 */
export const FILE_STATUSES = ['indexed', 'binary', 'too_large', 'long_line', 'secret', 'unreadable'] as const;

/** One of {@link FILE_STATUSES}. */
export type FileStatus = (typeof FILE_STATUSES)[number];

/** One file of the tree. */
export interface FileRecord {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly status: FileStatus;
  /** The git blob id in hexadecimal (SHA-1 of `blob <length>\0` and the bytes); empty unless indexed. */
  readonly blob: string;
  /** Bytes on disk. */
  readonly size: number;
  /** Times of last modification and status change in milliseconds since the epoch; 0 forces a check. */
  readonly modifiedMs: number;
  readonly changedMs: number;
}
