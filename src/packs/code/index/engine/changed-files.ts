// What an update has to do: which files under the paths that it was told of are to be read, and which are gone.
import type { FileNarrowing } from '../file-changes.ts';
import { walkDirectory } from '../intake/directory-walk.ts';
import { compileNameGlob, type PathTest } from '../intake/glob.ts';
import { IgnoreFile } from '../intake/ignore-file.ts';
import type { PathFilter } from '../intake/path-filter.ts';
import { recordsUnder } from '../store/file-tree.ts';
import type { Snapshot } from '../store/snapshot.ts';
import { acceptsDirectory, kindOf } from './tree-path.ts';

/** What is to be read, and what is gone, be it a file or everything under a directory. */
export function changedFiles(
  paths: readonly string[],
  how: {
    readonly root: string;
    readonly filter: PathFilter;
    readonly snapshot: Snapshot;
    readonly within: FileNarrowing | undefined;
  },
): { present: string[]; removed: string[] } {
  const { root, filter, snapshot, within } = how;
  const present = new Set<string>();
  const removed = new Set<string>();
  for (const path of paths) {
    const kind = kindOf(root, path);
    const isMeant = narrowedFiles(path, within);
    const accepted =
      kind === 'file' && filter.acceptsFile(path)
        ? [path]
        : kind === 'directory' && acceptsDirectory(filter, path)
          ? [...walkDirectory(root, path, filter)]
          : [];
    for (const file of accepted) if (isMeant(file)) present.add(file);
    for (const file of recordsUnder(snapshot.files, path))
      if (!present.has(file.path) && isMeant(file.path)) removed.add(file.path);
  }
  return { present: [...present], removed: [...removed] };
}

/** Tells which files under `path` are meant. @throws TextIndexError for a pattern that cannot be compiled. */
function narrowedFiles(path: string, within: FileNarrowing | undefined): PathTest {
  if (within === undefined) return () => true;
  const { isRecursive, pattern, exclude } = within;
  const isNamed = pattern === undefined ? () => true : compileNameGlob(pattern);
  const excluded = new IgnoreFile(exclude.join('\n'));
  const inside = path === '' ? 0 : path.length + 1;
  return (file) =>
    (isRecursive || !file.slice(inside).includes('/')) && isNamed(file) && !isExcluded(file, excluded);
}

function isExcluded(file: string, rules: IgnoreFile): boolean {
  for (let slash = file.indexOf('/'); slash >= 0; slash = file.indexOf('/', slash + 1))
    if (rules.verdict(file.slice(0, slash), true) === 'ignore') return true;
  return rules.verdict(file, false) === 'ignore';
}
