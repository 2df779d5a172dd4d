// Ranks files by how well they fit the words of a question: what they say, what they are called, what they define.
import { bm25 } from '../../../retrieval/bm25.ts';
import { queryTerms, stem, subTokens } from '../../../retrieval/sub-tokens.ts';
import { CodeRefusal } from '../code-tool.ts';
import type { FileMatch, LineMatch } from '../index/text-query.ts';
import { type SettledRepository, toRefusal } from '../repositories/repositories.ts';
import type { SearchRequest } from '../tools/search-arguments.ts';
import { narrowing, type TextHit, type TextHits, withContext } from '../tools/text-search.ts';
import { classWeight } from './file-class.ts';

/** Terms of a question; further ones change the order of the first files hardly ever. */
const TERMS_MAX = 12;
/** Files judged per term. Rarer terms weigh more, and have all of theirs within it. */
const FILES_PER_TERM = 20_000;
/** Files whose symbols are looked at: those that may still come to the top. */
const SYMBOL_FILES = 300;
/** A term on more lines than this is no better explained there. */
const LINES_COUNTED = 10;
/** What a term in the path, or in the name of a symbol, counts, against one on a line (measured; see docs/code.md). */
const PATH_WEIGHT = 8;
const SYMBOL_WEIGHT = 4;
const SYMBOLS_COUNTED = 3;
/** Lines read to choose the one that is shown of each file. */
const LINES_PER_FILE = 200;

interface Candidate {
  readonly repository: SettledRepository;
  readonly path: string;
  readonly bytes: number;
  readonly counts: number[];
  score: number;
}

/** One hit a file, best first: the line that says most. Filters hold before the ranking. */
export async function searchRanked(
  repositories: readonly SettledRepository[],
  request: SearchRequest,
  options: { readonly offset: number; readonly signal: AbortSignal },
): Promise<TextHits> {
  const terms = queryTerms(request.query).slice(0, TERMS_MAX);
  if (terms.length === 0)
    throw new CodeRefusal('invalid_arguments', 'The query has no word to look for; use search_type literal.');
  const generations: Record<string, number> = {};
  const ranked: Candidate[] = [];
  let isComplete = true;
  for (const repository of repositories) {
    const counted = await countTerms(repository, terms, request, options.signal);
    generations[repository.id] = counted.generation;
    isComplete &&= counted.isComplete;
    ranked.push(...(await rank(repository, counted, terms)));
  }
  ranked.sort((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1));
  const page = ranked.slice(options.offset, options.offset + request.limit);
  const hits = await present(page, terms, request, options.signal);
  return { hits, lines: ranked.length, files: ranked.length, unit: 'file', isComplete, generations };
}

interface Counted {
  readonly candidates: readonly Candidate[];
  readonly frequencies: readonly number[];
  readonly generation: number;
  readonly isComplete: boolean;
}

async function countTerms(
  repository: SettledRepository,
  terms: readonly string[],
  request: SearchRequest,
  signal: AbortSignal,
): Promise<Counted> {
  const byPath = new Map<string, Candidate>();
  const frequencies: number[] = [];
  let generation = 0;
  let isComplete = true;
  for (const [at, pattern] of terms.entries()) {
    const found = await repository.index.text
      .search(
        { pattern, ignoreCase: true, want: 'counts', ...narrowing(request) },
        { limit: FILES_PER_TERM, signal },
      )
      .catch(async (error: unknown) => {
        throw await toRefusal(error, repository);
      });
    frequencies.push(found.totals.files);
    generation = Math.max(generation, found.generation);
    isComplete &&= found.complete;
    for (const file of found.files)
      candidateOf(byPath, file, repository, terms.length).counts[at] = Math.min(file.lines, LINES_COUNTED);
  }
  return { candidates: [...byPath.values()], frequencies, generation, isComplete };
}

function candidateOf(
  byPath: Map<string, Candidate>,
  { path, bytes }: FileMatch,
  repository: SettledRepository,
  terms: number,
): Candidate {
  let candidate = byPath.get(path);
  if (candidate === undefined) {
    candidate = { repository, path, bytes, counts: new Array<number>(terms).fill(0), score: 0 };
    byPath.set(path, candidate);
  }
  return candidate;
}

/** First by text and path; then, of those that may come to the top, by symbols too. */
async function rank(
  { symbols, status }: SettledRepository,
  { candidates, frequencies }: Counted,
  terms: readonly string[],
): Promise<readonly Candidate[]> {
  const lengthMean = candidates.reduce((sum, { bytes }) => sum + bytes, 0) / Math.max(1, candidates.length);
  const documents = Math.max(status.record?.files ?? 0, candidates.length);
  const score = (candidate: Candidate) => {
    const { counts, bytes: length, path } = candidate;
    candidate.score = bm25({ counts, length }, { documents, lengthMean, frequencies }) * classWeight(path);
  };
  for (const candidate of candidates) {
    const words = new Set(subTokens(candidate.path).map(stem));
    for (const [at, term] of terms.entries())
      if (words.has(term)) candidate.counts[at] = (candidate.counts[at] ?? 0) + PATH_WEIGHT;
    score(candidate);
  }
  const first = candidates.toSorted((a, b) => b.score - a.score).slice(0, SYMBOL_FILES);
  const defined = await symbols.termCounts(
    first.map(({ path }) => path),
    terms,
  );
  for (const [file, candidate] of first.entries()) {
    for (const [at, count] of (defined[file] ?? []).entries())
      candidate.counts[at] = (candidate.counts[at] ?? 0) + SYMBOL_WEIGHT * Math.min(count, SYMBOLS_COUNTED);
    score(candidate);
  }
  return candidates;
}

/** The line of each file on which most of the terms meet. */
async function present(
  page: readonly Candidate[],
  terms: readonly string[],
  request: SearchRequest,
  signal: AbortSignal,
): Promise<readonly TextHit[]> {
  const best = new Map<Candidate, LineMatch>();
  const pattern = terms.map((term) => term.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|');
  for (const candidate of page) {
    const include = [`/${candidate.path.replace(/[*?[\]{}\\]/g, '\\$&')}`];
    const { matches } = await candidate.repository.index.text.search(
      { pattern, syntax: 'regex', ignoreCase: true, include },
      { limit: LINES_PER_FILE, signal },
    );
    const line = matches.reduce<LineMatch | undefined>(
      (one, other) => (one === undefined || termsOn(other, terms) > termsOn(one, terms) ? other : one),
      undefined,
    );
    if (line !== undefined) best.set(candidate, line);
  }
  const shown = page.flatMap((candidate) => {
    const line = best.get(candidate);
    return line === undefined ? [] : [{ candidate, line }];
  });
  const hits = await Promise.all(
    shown.map(({ candidate, line }) => withContext(candidate.repository, [line], request.contextLines)),
  );
  const round = (score: number) => Math.round(score * 1000) / 1000;
  return hits.flat().map((hit, at) => ({ ...hit, score: round(shown[at]?.candidate.score ?? 0) }));
}

function termsOn({ text }: LineMatch, terms: readonly string[]): number {
  const lower = text.toLowerCase();
  return terms.filter((term) => lower.includes(term)).length;
}
