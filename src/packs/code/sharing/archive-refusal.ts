// Why an archive of an index is not made or not taken.

/**
 * - `damaged`: it ends early, or holds other bytes than its manifest says.
 * - `untrusted`: nobody signed it whose key is trusted.
 * - `other_format`: another version made it, or it is no archive of an index.
 * - `unsafe`: it holds names or kinds of entries that no export makes.
 * - `too_large`: it is larger than is allowed, packed or unpacked.
 * - `other_rules`: it was made by other rules of what is searched.
 * - `other_repository`: hardly a file of it is in the tree.
 * - `not_ready`: the index that is to be exported does not hold the tree.
 */
export type ArchiveProblem =
  | 'damaged'
  | 'untrusted'
  | 'other_format'
  | 'unsafe'
  | 'too_large'
  | 'other_rules'
  | 'other_repository'
  | 'not_ready';

/** The message names place, rule and fix. Nothing was changed. */
export class ArchiveRefusal extends Error {
  readonly problem: ArchiveProblem;
  constructor(problem: ArchiveProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ArchiveRefusal';
    this.problem = problem;
  }
}
