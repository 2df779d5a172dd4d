// What is true of an index now: its record, its files, and what is checked out.
import { readGitHead } from './git-head.ts';
import { indexFiles } from './index-directory.ts';
import type { IndexStatus, RepositoryIndexOptions } from './index-options.ts';
import { indexState } from './readiness.ts';

/** `scheme` is what this process would build with; `locked`: another one writes the index. */
export async function lookAtIndex(
  { records, id, root, directory, clock }: RepositoryIndexOptions,
  own: { readonly scheme: string; readonly locked: boolean },
): Promise<IndexStatus> {
  const { record, wanted } = await records.look(id);
  const head = readGitHead(root);
  const state = indexState({ ...own, record, wanted, head, files: indexFiles(directory), now: clock.now() });
  return { state, record, wanted, head };
}
