// What bringing an index up to date tells of itself.

/** How far a build is. */
export interface BuildProgress {
  /** Files read so far, of those that are to be read. */
  readonly done: number;
  /** Grows until the tree is looked through. */
  readonly total: number;
  readonly isScanned: boolean;
}

/** What a build or update did. */
export interface BuildReport {
  /** The state that is searchable now. */
  readonly generation: number;
  /** Files whose size and times were as recorded; they were not opened. */
  readonly filesUnchanged: number;
  readonly filesRead: number;
  /** Paths of the first hundred of them. */
  readonly firstRead: readonly string[];
  /** Of the files read those that are searchable, by the language of their names. */
  readonly filesByLanguage: Readonly<Record<string, number>>;
  /** Files whose content was new to the index. */
  readonly filesParsed: number;
  readonly filesRemoved: number;
  readonly bytesParsed: number;
  readonly elapsedMs: number;
}
