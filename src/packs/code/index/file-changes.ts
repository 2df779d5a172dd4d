// What an update is told.

/** Paths relative to the root, with `/`. A directory stands for everything under it. */
export interface FileChanges {
  /** Created or modified. A path that is gone counts as removed. */
  readonly changed?: readonly string[];
  readonly removed?: readonly string[];
  /** Absent: everything under a changed path. */
  readonly within?: FileNarrowing;
}

/** Which files under a changed path are meant; the others stay as they are. */
export interface FileNarrowing {
  /** False: only the files that lie in the folder itself. */
  readonly isRecursive: boolean;
  /** A glob; without a slash it is about names. Absent: every name. */
  readonly pattern?: string;
  /** As lines of an ignore file. */
  readonly exclude: readonly string[];
}
