// Walks a tree and yields the files that the rules accept. Symbolic links are not followed.

import { type Dirent, readdirSync } from 'node:fs';
import { isMissing } from '../store/manifest.ts';
import { isUnreadable, type PathFilter } from './path-filter.ts';

/** Deeper directories are not entered: file systems allow such depth only by accident or malice. */
const DEPTH_MAX = 256;

/** Paths, relative to `root`, of the accepted files under `directory` (relative; empty for the root). */
export function* walkDirectory(root: string, directory: string, filter: PathFilter): Generator<string> {
  const pending: { path: string; depth: number }[] = [{ path: directory, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const entries = listDirectory(next.path === '' ? root : `${root}/${next.path}`);
    const names = new Set(entries.map((entry) => entry.name));
    const prefix = next.path === '' ? '' : `${next.path}/`;
    for (const entry of entries) {
      const path = prefix + entry.name;
      if (entry.isFile()) {
        if (filter.accepts(path, false, names)) yield path;
      } else if (entry.isDirectory() && next.depth < DEPTH_MAX && filter.accepts(path, true, names)) {
        pending.push({ path, depth: next.depth + 1 });
      }
    }
  }
}

// A directory that vanished or is closed to us has no files; the rest of the tree is still worth indexing.
function listDirectory(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error) || isUnreadable(error)) return [];
    throw error;
  }
}
