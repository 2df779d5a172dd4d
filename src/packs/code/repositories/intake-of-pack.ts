// Which files of a repository the pack searches: the rules of the text engine with the folders that hold no source.
import { existsSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fingerprintRules, type IntakeRules, toIntakeRules } from '../index/intake/intake-rules.ts';

/** Folders that tools fill and nobody writes; never searched (spec code §6). */
const GENERATED_FOLDERS = [
  'node_modules/',
  '__pycache__/',
  '.venv/',
  '.next/',
  '.nuxt/',
  '.gradle/',
  '.idea/',
  '.vscode/',
  '.tox/',
  '.*_cache/',
];
/**
 * Names that may also be folders of source. Under version control the repository's own ignore files say which they
 * are; elsewhere nothing does, and they are left out.
 */
const LIKELY_OUTPUT = ['venv/', 'dist/', 'build/', 'target/', 'coverage/', 'htmlcov/'];

/** The part of the pack's options that decides what is searched. */
export interface IntakeOptions {
  readonly exclude: readonly string[];
  readonly hidden: boolean;
  readonly maxFileSize: number;
}

/** What else decides. */
export interface IntakePlace {
  /**
   * Where the product keeps what it knows, this index too: inside a tree it would be searched, and watched while it is
   * written.
   */
  readonly stateDirectory?: string;
  /** Known to be under version control, also while it is not there yet. */
  readonly isVersioned?: boolean;
}

/** The rules for one repository. */
export function intakeOf(root: string, options: IntakeOptions, place: IntakePlace = {}): IntakeRules {
  const { stateDirectory } = place;
  const isVersioned = place.isVersioned === true || existsSync(join(root, '.git'));
  const state = stateDirectory === undefined ? '..' : relative(root, resolve(stateDirectory));
  const isInside = state !== '' && state !== '..' && !state.startsWith(`..${sep}`) && !isAbsolute(state);
  return toIntakeRules({
    exclude: [
      ...GENERATED_FOLDERS,
      ...(isVersioned ? [] : LIKELY_OUTPUT),
      ...options.exclude,
      ...(isInside ? [`/${state.replaceAll(sep, '/')}/`] : []),
    ],
    hidden: options.hidden,
    fileBytesMax: options.maxFileSize,
  });
}

/** Raised when indexes have to be made anew although the rules are the same. */
const SCHEME_VERSION = 1;

/** Names the rules and the version that an index was made with. */
export function schemeOf(rules: IntakeRules): string {
  return `${SCHEME_VERSION}:${fingerprintRules(rules)}`;
}
