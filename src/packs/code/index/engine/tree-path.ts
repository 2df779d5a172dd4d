// Paths that callers name, as far as they lie in the tree.
import { lstatSync } from 'node:fs';
import type { PathFilter } from '../intake/path-filter.ts';
import { isMissing } from '../store/manifest.ts';
import { TextIndexError } from '../text-index-error.ts';

/** Whether what is in a folder is searched. */
export function acceptsDirectory(filter: PathFilter, path: string): boolean {
  return path === '' || (filter.acceptsFile(`${path}/_`) && filter.accepts(path, true));
}

/** A path relative to the root. @throws TextIndexError `unknown_file` for one that leaves it. */
export function normalisePath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || path.includes('\0')) {
    throw new TextIndexError(
      'unknown_file',
      `The path "${path}" leaves the root; give paths relative to it.`,
    );
  }
  return parts.join('/');
}

/** What is at a path, without following a symbolic link anywhere on the way: those may lead out of the tree. */
export function kindOf(root: string, path: string): 'file' | 'directory' | 'none' {
  const steps = path === '' ? [] : path.split('/');
  let kind: 'file' | 'directory' | 'none' = 'directory';
  let place = root;
  try {
    for (const step of steps) {
      if (kind !== 'directory') return 'none';
      place += `/${step}`;
      const stat = lstatSync(place, { throwIfNoEntry: false });
      kind = stat?.isFile() === true ? 'file' : stat?.isDirectory() === true ? 'directory' : 'none';
    }
    return kind;
  } catch (error) {
    if (isMissing(error)) return 'none';
    throw error;
  }
}
