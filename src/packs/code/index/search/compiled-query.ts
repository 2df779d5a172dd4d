// Turns a query into everything a search needs. Compiling has no access to the index, so a bad pattern costs it nothing.

import { compileGlob, type PathTest } from '../intake/glob.ts';
import { parseLiteral, parseRegex } from '../regex/regex-parser.ts';
import { compileRegex, type RegexProgram } from '../regex/regex-program.ts';
import { TextIndexError } from '../text-index-error.ts';
import { PATTERN_LENGTH_MAX, type TextQuery } from '../text-query.ts';
import { type Anchor, findAnchor } from './anchor.ts';
import { type LiteralPlan, planLiterals } from './literal-plan.ts';
import type { WordPart } from './word-part.ts';

/** A query ready to run. */
export interface CompiledQuery {
  /** Equal for queries by which the same lines of every text match, as far as they are wanted. */
  readonly key: string;
  readonly plan: LiteralPlan;
  readonly anchor: Anchor | undefined;
  readonly program: RegexProgram;
  /** Set where a literal only counts as a part of a word. */
  readonly part: WordPart | undefined;
  readonly want: 'lines' | 'counts' | 'files';
  /** Whether a path passes `include`, `among` and `exclude`; `undefined` when every path does. */
  readonly acceptsPath: PathTest | undefined;
}

/** Compiles a query. @throws TextIndexError for a pattern or glob that cannot be searched. */
export function compileQuery(query: TextQuery): CompiledQuery {
  checkPattern(query.pattern);
  const parse = query.syntax === 'regex' ? parseRegex : parseLiteral;
  const { node, crossesLines } = parse(query.pattern, { ignoreCase: query.ignoreCase ?? false });
  const multiline = query.multiline ?? crossesLines;
  return {
    key: keyOf(query, multiline),
    plan: planLiterals(node),
    anchor: multiline ? undefined : findAnchor(node),
    program: compileRegex(node, { multiline }),
    part: partOf(query),
    want: query.want ?? 'lines',
    acceptsPath: compilePathFilter([query.include ?? [], query.among ?? []], query.exclude ?? []),
  };
}

function keyOf({ pattern, syntax, ignoreCase, partEndings, want }: TextQuery, multiline: boolean): string {
  return JSON.stringify([
    pattern,
    syntax === 'regex',
    ignoreCase === true,
    multiline,
    partEndings,
    want === 'files',
  ]);
}

function partOf({ pattern, partEndings }: TextQuery): WordPart | undefined {
  const isSearchable = partEndings !== undefined && ASCII_LINE.test(pattern);
  return isSearchable ? { text: pattern.toLowerCase(), endings: new Set(partEndings) } : undefined;
}

const ASCII_LINE = /^[ -~]+$/;

function checkPattern(pattern: string): void {
  if (pattern.length > PATTERN_LENGTH_MAX) {
    throw new TextIndexError(
      'invalid_pattern',
      `The pattern has more than ${PATTERN_LENGTH_MAX} characters; shorten it.`,
    );
  }
  if (pattern.includes('\0')) {
    throw new TextIndexError(
      'invalid_pattern',
      'The pattern holds a NUL, which no indexed file does; remove it.',
    );
  }
  if (!pattern.isWellFormed()) {
    throw new TextIndexError(
      'invalid_pattern',
      'The pattern holds half of a surrogate pair; send well-formed text.',
    );
  }
}

/** A path passes when it matches one glob of each list of `includes` that is not empty, and none of `exclude`. */
function compilePathFilter(
  includes: readonly (readonly string[])[],
  exclude: readonly string[],
): PathTest | undefined {
  const wanted = includes.filter((globs) => globs.length > 0).map((globs) => globs.map(compilePathGlob));
  const excluded = exclude.map(compilePathGlob);
  if (wanted.length === 0 && excluded.length === 0) return undefined;
  return (path) =>
    wanted.every((tests) => tests.some((test) => test(path))) && !excluded.some((test) => test(path));
}

function compilePathGlob(glob: string): PathTest {
  const relative = glob.startsWith('/') ? glob.slice(1) : glob.includes('/') ? glob : `**/${glob}`;
  return compileGlob(relative);
}
