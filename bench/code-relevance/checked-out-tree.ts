// A folder that holds one commit of a repository after the other, beside it: the repository is only read.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder with the files of a commit. */
export interface CheckedOutTree {
  readonly root: string;
  /** Puts the files of another commit there. Returns the paths that changed, those that are gone included. */
  moveTo(commit: string): readonly string[];
  remove(): void;
}

/** Checks out `commit` of the git directory `repository`. */
export function checkOutTree(repository: string, commit: string): CheckedOutTree {
  const place = mkdtempSync(join(tmpdir(), 'code-relevance-'));
  const root = join(place, 'tree');
  const git = (...words: string[]) =>
    execFileSync('git', words, {
      env: {
        ...process.env,
        GIT_DIR: gitDirectory,
        GIT_WORK_TREE: root,
        GIT_INDEX_FILE: join(place, 'index'),
      },
      encoding: 'utf8',
      maxBuffer: 1 << 30,
    });
  const gitDirectory = execFileSync('git', ['-C', repository, 'rev-parse', '--absolute-git-dir'], {
    encoding: 'utf8',
  }).trim();
  mkdirSync(root);
  let at = commit;
  git('read-tree', '--reset', '-u', commit);
  return {
    root,
    moveTo(next) {
      const changed = git('diff-tree', '-r', '--no-renames', '--name-only', '-z', at, next);
      git('read-tree', '--reset', '-u', next);
      at = next;
      return changed.split('\0').filter((path) => path !== '');
    },
    remove: () => rmSync(place, { recursive: true, force: true }),
  };
}
