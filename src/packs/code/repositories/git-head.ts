// What is checked out, read from the files of git itself: no program is started. Every query asks for it, so it is
// read at once: some microseconds for each file, where a way to the threads of the file system and back takes more than
// the query.

import { type BigIntStats, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { LRUCache } from 'lru-cache';

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
/** Those of some fifty working trees. */
const TEXTS_KEPT = 256;
/** A file written this shortly ago may be written again with the same time; see FileReader. */
const RACY_MS = 50;
/** A commit, in SHA-1 or SHA-256. */
const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/** The head of the working tree that holds `folder`; undefined outside version control. */
export function readGitHead(folder: string): GitHead | undefined {
  const place = findGit(resolve(folder));
  if (place === undefined) return undefined;
  const head = readText(join(place.git, 'HEAD'))?.trim() ?? '';
  const linked = place.common === place.git ? {} : { mainTree: dirname(place.common) };
  if (COMMIT.test(head)) return { commit: head, ...linked };
  const reference = /^ref: (refs\/\S+)$/.exec(head)?.[1];
  if (reference === undefined) return linked;
  const commit = commitOf(place, reference);
  const branch = reference.replace(/^refs\/heads\//, '');
  return { branch, ...(commit === undefined ? {} : { commit }), ...linked };
}

/**
 * What branches, worktrees and clones of one repository have in common: where it was cloned from, or where its data are.
 * Undefined outside version control.
 */
export function readGitFamily(root: string): string | undefined {
  const place = findGit(resolve(root));
  if (place === undefined) return undefined;
  const config = readText(join(place.common, 'config')) ?? '';
  const origin = /^\[remote "origin"\]\s*$([^[]*)/m.exec(config)?.[1] ?? '';
  return /^\s*url\s*=\s*(\S.*)$/m.exec(origin)?.[1]?.trim() ?? place.common;
}

interface GitPlace {
  readonly git: string;
  /** Where the branches are; differs from `git` in a linked worktree. */
  readonly common: string;
}

function findGit(start: string): GitPlace | undefined {
  let folder = start;
  for (let depth = 0; depth < PARENTS_MAX; depth++) {
    const git = join(folder, '.git');
    const kind = kindOf(git);
    if (kind === 'directory') return { git, common: git };
    if (kind === 'file') return linkedPlace(folder, git);
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
  return undefined;
}

/** gitrepository-layout(5): a file `.git` names the real directory, whose `commondir` names the shared one. */
function linkedPlace(folder: string, file: string): GitPlace | undefined {
  const target = /^gitdir: (.+)$/m.exec(readText(file) ?? '')?.[1]?.trim();
  if (target === undefined) return undefined;
  const git = isAbsolute(target) ? target : resolve(folder, target);
  const common = readText(join(git, 'commondir'))?.trim();
  return { git, common: common === undefined ? git : resolve(git, common) };
}

function commitOf({ git, common }: GitPlace, reference: string): string | undefined {
  for (const place of git === common ? [git] : [git, common]) {
    const loose = readText(join(place, reference))?.trim();
    if (loose !== undefined && COMMIT.test(loose)) return loose;
  }
  const packed = readText(join(common, 'packed-refs')) ?? '';
  const line = packed.split('\n').find((one) => one.endsWith(` ${reference}`));
  const commit = line?.slice(0, line.indexOf(' '));
  return commit !== undefined && COMMIT.test(commit) ? commit : undefined;
}

function kindOf(path: string): 'directory' | 'file' | undefined {
  const found = lookAt(path);
  if (found === undefined) return undefined;
  return found.isDirectory() ? 'directory' : 'file';
}

/** Texts by path, each with the file that it was read from: `packed-refs` may have megabytes. */
const known = new LRUCache<string, { readonly stamp: string; readonly text: string }>({ max: TEXTS_KEPT });

function readText(path: string): string | undefined {
  const found = lookAt(path);
  if (found === undefined) return undefined;
  const stamp = `${found.dev} ${found.ino} ${found.mtimeNs} ${found.size}`;
  const kept = known.get(path);
  if (kept?.stamp === stamp) return kept.text;
  try {
    const text = readFileSync(path, 'utf8');
    if (Number(found.mtimeMs) < Date.now() - RACY_MS) known.set(path, { stamp, text });
    return text;
  } catch {
    // As below: a reference that cannot be read is one that is not known.
    return undefined;
  }
}

function lookAt(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    // Closed to us: that says nothing about version control.
    return undefined;
  }
}
