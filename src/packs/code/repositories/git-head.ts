// What is checked out, read from the files of git itself: no program is started.

import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';

/** The checked-out state of a working tree. */
export interface GitHead {
  /** Absent when a commit is checked out without a branch. */
  readonly branch?: string;
  /** Absent before the first commit. */
  readonly commit?: string;
  /** For a linked worktree: the working tree it was made from. */
  readonly mainTree?: string;
}

/** Parents looked at for the data of git; deeper trees do not occur. */
const PARENTS_MAX = 64;
/** A commit, in SHA-1 or SHA-256. */
const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/** The head of the working tree that holds `folder`; undefined outside version control. */
export async function readGitHead(folder: string): Promise<GitHead | undefined> {
  const place = await findGit(resolve(folder));
  if (place === undefined) return undefined;
  const head = (await readText(join(place.git, 'HEAD')))?.trim() ?? '';
  const linked = place.common === place.git ? {} : { mainTree: dirname(place.common) };
  if (COMMIT.test(head)) return { commit: head, ...linked };
  const reference = /^ref: (refs\/\S+)$/.exec(head)?.[1];
  if (reference === undefined) return linked;
  const commit = await commitOf(place, reference);
  const branch = reference.replace(/^refs\/heads\//, '');
  return { branch, ...(commit === undefined ? {} : { commit }), ...linked };
}

interface GitPlace {
  readonly git: string;
  /** Where the branches are; differs from `git` in a linked worktree. */
  readonly common: string;
}

async function findGit(start: string): Promise<GitPlace | undefined> {
  let folder = start;
  for (let depth = 0; depth < PARENTS_MAX; depth++) {
    const git = join(folder, '.git');
    const kind = await kindOf(git);
    if (kind === 'directory') return { git, common: git };
    if (kind === 'file') return linkedPlace(folder, git);
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
  return undefined;
}

/** gitrepository-layout(5): a file `.git` names the real directory, whose `commondir` names the shared one. */
async function linkedPlace(folder: string, file: string): Promise<GitPlace | undefined> {
  const target = /^gitdir: (.+)$/m.exec((await readText(file)) ?? '')?.[1]?.trim();
  if (target === undefined) return undefined;
  const git = isAbsolute(target) ? target : resolve(folder, target);
  const common = (await readText(join(git, 'commondir')))?.trim();
  return { git, common: common === undefined ? git : resolve(git, common) };
}

async function commitOf({ git, common }: GitPlace, reference: string): Promise<string | undefined> {
  for (const place of git === common ? [git] : [git, common]) {
    const loose = (await readText(join(place, reference)))?.trim();
    if (loose !== undefined && COMMIT.test(loose)) return loose;
  }
  const packed = (await readText(join(common, 'packed-refs'))) ?? '';
  const line = packed.split('\n').find((one) => one.endsWith(` ${reference}`));
  const commit = line?.slice(0, line.indexOf(' '));
  return commit !== undefined && COMMIT.test(commit) ? commit : undefined;
}

async function kindOf(path: string): Promise<'directory' | 'file' | undefined> {
  try {
    const found = await stat(path);
    return found.isDirectory() ? 'directory' : 'file';
  } catch {
    // Not there, or closed to us: either way it says nothing about version control.
    return undefined;
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    // As above: a reference that cannot be read is one that is not known.
    return undefined;
  }
}
