// Which folders callers may add: those below the repositories of the server and the roots that its definition names.
import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { CodeRefusal } from '../code-tool.ts';

/** What a folder is judged by. */
export interface FolderRules {
  /** Absolute; folders below them may be added. */
  readonly roots: readonly string[];
  /** What relative paths mean. */
  readonly base: string;
  /** The product's own state, which holds keys and what other tenants cloned: never searched. */
  readonly stateDirectory: string;
}

/** The real folder behind a path. @throws CodeRefusal `path_outside_allowed_roots` or `not_a_folder`. */
export async function allowedFolder(path: string, rules: FolderRules): Promise<string> {
  const found = await realpath(resolve(rules.base, path)).catch(() => undefined);
  const roots = await Promise.all(rules.roots.map((root) => realpath(root).catch(() => undefined)));
  const state = await realpath(rules.stateDirectory).catch(() => rules.stateDirectory);
  // Judged on real paths, so that neither dots nor links lead out; what is not there is told from nothing else.
  const isInside = found !== undefined && roots.some((root) => root !== undefined && holds(root, found));
  if (!isInside || path.includes('\0') || holds(state, found))
    throw new CodeRefusal(
      'path_outside_allowed_roots',
      `The path ${path} is no folder within the roots that this server allows; ask for it in packs.code.references.roots.`,
    );
  if (!(await stat(found)).isDirectory())
    throw new CodeRefusal('not_a_folder', `${path} is a file; name the folder that holds it.`);
  return found;
}

function holds(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}
