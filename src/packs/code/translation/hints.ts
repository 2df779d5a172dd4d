// Hints for writing in one language what was found in another: fixed rules, each named after something in the code.
import { CONSTRUCTS, type Construct, translatable, WAYS } from './constructs.ts';
import { equivalentOf } from './libraries.ts';

/** Code that was found, with what its file imports. */
export interface SourceCode {
  readonly language: string;
  readonly code: string;
  /** Line of the first line of `code`. */
  readonly lineStart: number;
  readonly imports: readonly string[];
}

/** One hint. */
export interface TranslationHint {
  readonly construct: Construct | 'library';
  readonly source_language: string;
  readonly target_language: string;
  /** The text in the source that it is about. */
  readonly found: string;
  /** Absent for imports, which stand at the top of the file. */
  readonly line?: number;
  readonly hint: string;
}

const FOUND_MAX = 80;

/** Nothing between a language and itself, or where a language is not in the tables. */
export function translationHints(source: SourceCode, target: string): readonly TranslationHint[] {
  const [from, to] = [translatable(source.language), translatable(target)];
  if (from === undefined || to === undefined || from === to) return [];
  const languages = { source_language: source.language, target_language: target };
  const constructs = CONSTRUCTS.flatMap((construct): TranslationHint[] => {
    const match = WAYS[from][construct].found.exec(source.code);
    if (match === null) return [];
    const line = source.lineStart + source.code.slice(0, match.index).split('\n').length - 1;
    const found = match[0].trim().slice(0, FOUND_MAX);
    const hint = `${construct}: \`${found}\` becomes ${WAYS[to][construct].write}.`;
    return [{ construct, ...languages, found, line, hint }];
  });
  const libraries = source.imports.flatMap((name): TranslationHint[] => {
    const equal = equivalentOf(name, from, to);
    if (equal === undefined) return [];
    const hint = `library for ${equal.purpose}: \`${name}\` becomes ${equal.advised}.`;
    return [{ construct: 'library', ...languages, found: name, hint }];
  });
  return [...constructs, ...libraries];
}

/** The ways in which code fails: what it raises, returns or catches, each once. */
export function errorPatterns(language: string, code: string): readonly string[] {
  const id = translatable(language);
  if (id === undefined) return [];
  const all = new RegExp(WAYS[id].error.found.source, 'gm');
  const found = [...code.matchAll(all)].map(([text]) => text.trim().slice(0, FOUND_MAX));
  return [...new Set(found)].slice(0, 10);
}
