// Decides for each path of a tree whether it is walked into or searched: ignore files of every level, hidden
// names, excludes. Same order of precedence as ripgrep: kind of ignore file, then depth, then last match.

import { readFileSync } from 'node:fs';
import { isMissing } from '../store/manifest.ts';
import { IgnoreFile, type IgnoreVerdict } from './ignore-file.ts';
import type { IntakeRules } from './intake-rules.ts';

/** Never searched, whatever the rules: the data of version control systems. */
const VERSION_CONTROL: ReadonlySet<string> = new Set(['.git', '.hg', '.svn']);
/** Local excludes of a clone. */
const GIT_EXCLUDE = '.git/info/exclude';
/** Larger ignore files are not read. */
const IGNORE_FILE_BYTES_MAX = 1 << 20;

/** The ignore files of one directory, by position in the rules' list of names. */
type DirectoryRules = readonly (IgnoreFile | undefined)[];

/** Judges paths; remembers the ignore files of the directories it has seen. */
export class PathFilter {
  readonly #root: string;
  readonly #rules: IntakeRules;
  readonly #exclude: IgnoreFile;
  readonly #gitExclude: IgnoreFile | undefined;
  readonly #directories = new Map<string, DirectoryRules>();

  constructor(root: string, rules: IntakeRules) {
    this.#root = root;
    this.#rules = rules;
    this.#exclude = new IgnoreFile(rules.exclude.join('\n'));
    this.#gitExclude = rules.ignore === 'standard' ? this.#load(GIT_EXCLUDE) : undefined;
  }

  /**
   * Whether an entry whose parent directories are all accepted is accepted. `listed` names the entries of its
   * directory, when known, which spares looking for ignore files that are not there.
   */
  accepts(path: string, isDirectory: boolean, listed?: ReadonlySet<string>): boolean {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (VERSION_CONTROL.has(name)) return false;
    if (this.#exclude.verdict(path, isDirectory) === 'ignore') return false;
    const verdict = this.#rules.ignore === 'none' ? undefined : this.#verdict(path, isDirectory, listed);
    if (verdict === 'ignore') return false;
    return verdict === 'include' || this.#rules.hidden || !name.startsWith('.');
  }

  /** Whether a file is accepted and so is every directory above it. */
  acceptsFile(path: string): boolean {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      if (!this.accepts(path.slice(0, slash), true)) return false;
    }
    return this.accepts(path, false);
  }

  /** Whether a change of this path can change what is accepted elsewhere. */
  isRuleFile(path: string): boolean {
    return this.#rules.ignoreFiles.includes(path.slice(path.lastIndexOf('/') + 1));
  }

  #verdict(path: string, isDirectory: boolean, listed: ReadonlySet<string> | undefined): IgnoreVerdict {
    const chain = this.#chain(path, listed);
    for (let kind = this.#rules.ignoreFiles.length - 1; kind >= 0; kind--) {
      for (const { rules, relative } of chain) {
        const verdict = rules[kind]?.verdict(relative, isDirectory);
        if (verdict !== undefined) return verdict;
      }
    }
    return this.#gitExclude?.verdict(path, isDirectory);
  }

  // Deepest directory first.
  #chain(
    path: string,
    listed: ReadonlySet<string> | undefined,
  ): { rules: DirectoryRules; relative: string }[] {
    const chain: { rules: DirectoryRules; relative: string }[] = [];
    let slash = path.lastIndexOf('/');
    let known = listed;
    for (;;) {
      const directory = slash < 0 ? '' : path.slice(0, slash);
      const rules = this.#directoryRules(directory, known);
      if (rules.length > 0) chain.push({ rules, relative: path.slice(slash + 1) });
      if (slash < 0) return chain;
      slash = slash === 0 ? -1 : path.lastIndexOf('/', slash - 1);
      known = undefined;
    }
  }

  #directoryRules(directory: string, listed: ReadonlySet<string> | undefined): DirectoryRules {
    let rules = this.#directories.get(directory);
    if (rules === undefined) {
      const prefix = directory === '' ? '' : `${directory}/`;
      const files = this.#rules.ignoreFiles.map((name) =>
        listed === undefined || listed.has(name) ? this.#load(prefix + name) : undefined,
      );
      rules = files.every((file) => file === undefined) ? [] : files;
      this.#directories.set(directory, rules);
    }
    return rules;
  }

  #load(path: string): IgnoreFile | undefined {
    try {
      const bytes = readFileSync(`${this.#root}/${path}`);
      return bytes.length > IGNORE_FILE_BYTES_MAX ? undefined : new IgnoreFile(bytes.toString());
    } catch (error) {
      if (isMissing(error) || isUnreadable(error)) return undefined;
      throw error;
    }
  }
}

/** Whether the file system refused access, or the name is a directory. */
export function isUnreadable(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    ['EACCES', 'EPERM', 'EISDIR', 'ELOOP', 'EIO'].includes(String(error.code))
  );
}
