// What an update is told.

/** Paths relative to the root, with `/`. A directory stands for everything under it. */
export interface FileChanges {
  /** Created or modified. A path that is gone counts as removed. */
  readonly changed?: readonly string[];
  readonly removed?: readonly string[];
}
