// Indexes of one repository in several places: branches, worktrees, clones. A new one begins with the texts of another,
// so that what both have is stored and parsed once.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MANIFEST_FILE } from '../index/store/manifest.ts';
import type { TextIndex } from '../index/text-index.ts';
import { addedPlaces } from './added-repositories.ts';
import { readGitFamily } from './git-head.ts';
import { noteRelative, textDirectory } from './index-directory.ts';

const FILE = 'family';

/** Finds relatives among the indexes below one state folder. */
export interface IndexFamily {
  /** Says of an index which family it is of; undefined where nobody can be a relative. */
  join(): Promise<string | undefined>;
  /** The folder of the relative that was brought up to date last. */
  relative(family: string): string | undefined;
}

/**
 * `owner` is the tenant that added the repository, empty for folders of a definition: what one tenant indexed never
 * becomes part of what another has.
 */
export function indexFamily(of: {
  readonly root: string;
  readonly directory: string;
  readonly owner: string;
  readonly stateDirectory: string;
}): IndexFamily {
  const { root, directory, owner, stateDirectory } = of;
  return {
    async join() {
      const name = readGitFamily(root);
      if (name === undefined) return undefined;
      const family = createHash('sha256').update(`${owner}\0${name}`).digest('hex');
      writeFileSync(join(directory, FILE), family);
      return family;
    },
    relative(family) {
      const others = indexFolders(stateDirectory).filter(
        (other) => other !== directory && familyOf(other) === family && builtAt(other) > 0,
      );
      return others.sort((a, b) => builtAt(b) - builtAt(a))[0];
    },
  };
}

/** A first build begins with what another place of the repository holds, where there is one. */
export async function beginWithRelative(
  { family, directory }: { readonly family?: IndexFamily; readonly directory: string },
  text: Pick<TextIndex, 'claim'>,
): Promise<void> {
  const name = await family?.join();
  const relative = name === undefined ? undefined : family?.relative(name);
  if (relative !== undefined && (await text.claim({ seed: textDirectory(relative) })))
    noteRelative(directory, relative);
}

function indexFolders(stateDirectory: string): readonly string[] {
  const own = foldersIn(join(stateDirectory, 'code'));
  const added = foldersIn(addedPlaces(stateDirectory).indexes).flatMap(foldersIn);
  return [...own, ...added];
}

function foldersIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [join(folder, entry.name)] : []));
}

function familyOf(directory: string): string | undefined {
  const path = join(directory, FILE);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** 0 for an index without a state. */
function builtAt(directory: string): number {
  return statSync(join(directory, 'text', MANIFEST_FILE), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
