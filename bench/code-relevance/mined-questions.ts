// Questions with known answers out of the history of a repository: the subject of a commit asks, the files that the
// commit changed answer. Nobody wrote them for a search, and no search has seen them.
import { execFileSync } from 'node:child_process';
import { fileClass } from '../../src/packs/code/ranking/file-class.ts';

/** A question, the paths that answer it, and the commit whose tree it is asked of. */
export interface Question {
  readonly text: string;
  readonly files: readonly string[];
  /** The parent of the commit: what its author had before the change, and nothing that the change brought. */
  readonly tree: string;
}

/** A change of more files is about no one place. */
const FILES_MAX = 5;
/** A shorter subject asks nothing. */
const WORDS_MIN = 3;
/** Commits of machines and of bookkeeping. */
const NO_QUESTION =
  /^(merge|revert|bump|release|vendor|update (dependency|changelog|authors)|v?\d+\.\d+)|\b(deps|typo|lint)\b/i;
/** What conventional commits put before their subject says what was done, and nothing of where. */
const KIND = /^(build|chore|ci|docs|feat|fix|perf|refactor|style|test)(?=[(:!])/i;
/** Languages of programs; configuration and prose answer no question about code. */
const CODE = /\.(py|go|ts|tsx|js|jsx|mjs|cjs|java|kt|rb|rs|c|h|cc|cpp|cs|php|vue)$/;
/** Commits read for each question that is wanted; many are left out. */
const COMMITS_PER_QUESTION = 4;

/** The newest `count` questions of the branch that HEAD of `repository`, a git directory, names. */
export function mineQuestions(repository: string, count: number): readonly Question[] {
  for (let depth = count * COMMITS_PER_QUESTION; ; depth *= 2) {
    // Files that a commit adds cannot be found in the tree before it.
    const log = execFileSync(
      'git',
      [
        ...['-C', repository, 'log', '--no-merges', '--no-renames', '--name-only', '--diff-filter=MT'],
        ...['--format=%x01%P%x02%s', `--max-count=${depth}`, 'HEAD'],
      ],
      { encoding: 'utf8', maxBuffer: 1 << 30 },
    );
    const entries = log.split('\u0001').slice(1);
    const questions = entries.flatMap(questionOf);
    if (questions.length >= count || entries.length < depth) return questions.slice(0, count);
  }
}

function questionOf(entry: string): Question[] {
  const [head = '', ...changed] = entry.split('\n').filter((line) => line !== '');
  const [tree = '', subject = ''] = head.split('\u0002');
  const text = subject
    .replace(/\s*\(#\d+\)/g, '')
    .replace(KIND, '')
    .trim();
  if (NO_QUESTION.test(text) || text.split(/\s+/).length < WORDS_MIN) return [];
  const files = changed.filter((path) => CODE.test(path) && fileClass(path) === 'source');
  return files.length === 0 || files.length > FILES_MAX || tree === '' ? [] : [{ text, files, tree }];
}
