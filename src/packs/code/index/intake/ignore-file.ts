// One ignore file: its patterns in gitignore syntax, the last match deciding (gitignore(5)).

import { TextIndexError } from '../text-index-error.ts';
import { compileGlob, type PathTest } from './glob.ts';

/** What a set of patterns says about a path. */
export type IgnoreVerdict = 'ignore' | 'include' | undefined;

interface IgnorePattern {
  readonly test: PathTest;
  readonly verdict: 'ignore' | 'include';
  readonly directoriesOnly: boolean;
}

/** More patterns than this are not read: an ignore file is not a place for a data set. */
const PATTERNS_MAX = 10_000;

/** The patterns of one file; they concern paths relative to the directory the file lies in. */
export class IgnoreFile {
  readonly #patterns: readonly IgnorePattern[];

  constructor(text: string) {
    this.#patterns = text
      .replace(/^\ufeff/, '')
      .split(/\r?\n/)
      .slice(0, PATTERNS_MAX)
      .flatMap(parsePattern)
      .reverse();
  }

  /** The verdict on a path relative to the file's directory. */
  verdict(path: string, isDirectory: boolean): IgnoreVerdict {
    for (const pattern of this.#patterns) {
      if (pattern.directoriesOnly && !isDirectory) continue;
      if (pattern.test(path)) return pattern.verdict;
    }
    return undefined;
  }
}

function parsePattern(line: string): IgnorePattern[] {
  if (line.startsWith('#')) return [];
  let glob = trimEnd(line);
  const negated = glob.startsWith('!');
  if (negated) glob = glob.slice(1);
  const directoriesOnly = glob.endsWith('/');
  if (directoriesOnly) glob = glob.slice(0, -1);
  if (glob === '') return [];
  // A slash anywhere but at the end ties the pattern to the directory of the file.
  if (glob.startsWith('/')) glob = glob.slice(1);
  else if (!glob.includes('/')) glob = `**/${glob}`;
  const test = compileOrSkip(glob);
  return test === undefined ? [] : [{ test, verdict: negated ? 'include' : 'ignore', directoriesOnly }];
}

// Trailing blanks do not count unless the last one is escaped.
function trimEnd(line: string): string {
  const trimmed = line.trimEnd();
  return trimmed.endsWith('\\') && trimmed.length < line.length ? `${trimmed} ` : trimmed;
}

// git and ripgrep skip a pattern they cannot read; one bad line must not keep a repository from being searched.
function compileOrSkip(glob: string): PathTest | undefined {
  try {
    return compileGlob(glob);
  } catch (error) {
    if (error instanceof TextIndexError) return undefined;
    throw error;
  }
}
