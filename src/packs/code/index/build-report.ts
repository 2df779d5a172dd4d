// What bringing an index up to date tells of itself.

/** What a build or update did. */
export interface BuildReport {
  /** The state that is searchable now. */
  readonly generation: number;
  /** Files whose size and times were as recorded; they were not opened. */
  readonly filesUnchanged: number;
  readonly filesRead: number;
  /** Files whose content was new to the index. */
  readonly filesParsed: number;
  readonly filesRemoved: number;
  readonly bytesParsed: number;
  readonly elapsedMs: number;
}
