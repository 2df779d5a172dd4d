// Searches the lines of several repositories as if they were one: one order, one limit, exact totals.
import type { LineMatch } from '../index/text-query.ts';
import { type SettledRepository, toRefusal } from '../repositories/repositories.ts';
import type { SearchRequest } from './search-arguments.ts';
import { languageGlobs } from './search-arguments.ts';

/** One matching line with what surrounds it. */
export interface TextHit extends LineMatch {
  readonly repository: SettledRepository;
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Of ranked hits; 1 for every other. */
  readonly score?: number;
  /** Where it is neither `text` nor `ranked`. */
  readonly matchType?: string;
}

/** The symbol that a match lies in. */
export interface Enclosing {
  readonly name: string;
  readonly kind: string;
  readonly lineStart: number;
  readonly lineEnd: number;
}

/** The page that was asked for, and what there is in all. */
export interface TextHits {
  readonly hits: readonly TextHit[];
  /** Rows in all; of ranked hits files. */
  readonly lines: number;
  readonly files: number;
  /** What a row stands for. */
  readonly unit: 'line' | 'file';
  /** False: a deadline or budget ended the search, and totals are lower bounds. */
  readonly isComplete: boolean;
  /** The state of each index that was searched, by repository id. */
  readonly generations: Readonly<Record<string, number>>;
  /** Of a ranking that meaning was to take part in. */
  readonly semantic?: {
    readonly used: boolean;
    /** Texts that have no vectors yet. */
    readonly missing: number;
    /** Why it was not used. */
    readonly hint?: string;
  };
}

/** Answers the rows from `offset`. Rejects with CodeRefusal for a pattern that cannot be searched. */
export async function searchText(
  repositories: readonly SettledRepository[],
  request: SearchRequest,
  options: { readonly offset: number; readonly signal: AbortSignal },
): Promise<TextHits> {
  let { offset } = options;
  let left = request.limit;
  let lines = 0;
  let files = 0;
  let isComplete = true;
  const hits: TextHit[] = [];
  const generations: Record<string, number> = {};
  for (const repository of repositories) {
    const found = await searchOne(repository, request, { offset, limit: left, signal: options.signal });
    lines += found.totals.lines;
    files += found.totals.files;
    isComplete &&= found.complete;
    generations[repository.id] = found.generation;
    hits.push(...(await withContext(repository, found.matches, request.contextLines)));
    offset = Math.max(0, offset - found.totals.lines);
    left -= found.matches.length;
  }
  return { hits, lines, files, unit: 'line', isComplete, generations };
}

async function searchOne(
  repository: SettledRepository,
  request: SearchRequest,
  page: { readonly offset: number; readonly limit: number; readonly signal: AbortSignal },
) {
  try {
    return await repository.index.text.search(
      {
        pattern: request.query,
        syntax: request.type === 'regex' ? 'regex' : 'literal',
        ignoreCase: !request.caseSensitive,
        ...narrowing(request),
      },
      page,
    );
  } catch (error) {
    throw await toRefusal(error, repository);
  }
}

/** Both a pattern and a language narrow: the one as what is included, the other as the complement of what is not. */
export function narrowing({ include, languages: wanted }: SearchRequest) {
  const languages = languageGlobs(wanted);
  if (languages.length === 0) return include.length === 0 ? {} : { include };
  if (include.length === 0) return { include: languages };
  return { include, among: languages };
}

/** Matches with the lines around them. */
export async function withContext(
  repository: SettledRepository,
  matches: readonly LineMatch[],
  contextLines: number,
): Promise<readonly TextHit[]> {
  const none = { repository, before: [], after: [] };
  if (contextLines === 0 || matches.length === 0) return matches.map((match) => ({ ...match, ...none }));
  const excerpts = await repository.index.text.excerpts(
    matches.flatMap(({ path, line, lineEnd }) => [
      { path, from: line - contextLines, to: line - 1 },
      { path, from: line, to: line },
      { path, from: lineEnd + 1, to: lineEnd + contextLines },
    ]),
  );
  return matches.map((match, at) => {
    const [before = [], [line] = [], after = []] = excerpts.slice(3 * at, 3 * at + 3);
    // The file may have changed since it was searched: lines of another state would be a wrong context.
    const isSame = line?.includes(match.text.split('\n')[0]?.slice(0, 80) ?? '') === true;
    return isSame ? { ...match, repository, before, after } : { ...match, ...none };
  });
}
