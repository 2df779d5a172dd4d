// Ranks files by how well they fit the words of a question: what they say, what they are called, what they define.
import { bm25 } from '../../../retrieval/bm25.ts';
import { fuseRankings } from '../../../retrieval/fusion.ts';
import { stem, subTokens } from '../../../retrieval/sub-tokens.ts';
import { CodeRefusal } from '../code-tool.ts';
import type { FileMatch, LineMatch } from '../index/text-query.ts';
import { type SettledRepository, toRefusal } from '../repositories/repositories.ts';
import type { SearchRequest } from '../tools/search-arguments.ts';
import { type Meaning, type MeantPlace, meaningOf, presentPlaces } from '../tools/semantic-search.ts';
import { narrowing, type TextHit, type TextHits, withContext } from '../tools/text-search.ts';
import { classWeight } from './file-class.ts';
import { type QuestionTerm, questionTerms } from './question-terms.ts';

/** Files judged per term. Rarer terms weigh more, and have all of theirs within it. */
const FILES_PER_TERM = 20_000;
/** Files whose symbols are looked at: those that may still come to the top. */
const SYMBOL_FILES = 300;
/**
 * In code a word that comes again and again is what the file is about, and long files are where most is done; for prose
 * both hold less. These and the next two were measured (bench/code-relevance/README.md).
 */
const CODE_SHAPE = { k1: 8, b: 0.4 } as const;
/** What grammar puts behind a stem: what `stem` takes off, and the e that goes with some of it. */
const ENDINGS = ['s', 'e', 'es', 'ed', 'ing'] as const;
/** What a term in the path, or in the name of a symbol, counts, against one on a line. */
const PATH_WEIGHT = 16;
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
  /** Where meaning found it, of one that no word did. */
  readonly place?: MeantPlace;
}

/** One hit a file, best first: the line that says most. Filters hold before the ranking. */
export async function searchRanked(
  repositories: readonly SettledRepository[],
  request: SearchRequest,
  options: { readonly offset: number; readonly signal: AbortSignal },
): Promise<TextHits> {
  const weighted = questionTerms(request.query);
  const terms = weighted.map(({ text }) => text);
  // Under way while words are counted; it never rejects.
  const meaning = meaningOf(repositories, request);
  if (terms.length === 0)
    throw new CodeRefusal('invalid_arguments', 'The query has no word to look for; use search_type literal.');
  const generations: Record<string, number> = {};
  const ranked: Candidate[] = [];
  let isComplete = true;
  for (const repository of repositories) {
    const counted = await countTerms(repository, terms, request, options.signal);
    generations[repository.id] = counted.generation;
    isComplete &&= counted.isComplete;
    ranked.push(...(await rank(repository, counted, weighted)));
  }
  ranked.sort((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1));
  const meant = await meaning;
  const fused = meant === undefined ? ranked : fuse(ranked, meant.places);
  // Vectors that come between two pages move files, as a change of the code does.
  for (const { id, meaning: own } of repositories)
    if (own !== undefined && meant !== undefined)
      generations[`${id}.meaning`] = meant.places.length === 0 ? 0 : own.status.chunks;
  const page = fused.slice(options.offset, options.offset + request.limit);
  const hits = await present(page, terms, request, options.signal);
  return {
    ...{ hits, lines: fused.length, files: fused.length, unit: 'file', isComplete, generations },
    ...(meant === undefined ? {} : { semantic: semanticOf(meant) }),
  };
}

/** Weights of words and meaning (spec code §2.3). */
const WORDS_WEIGHT = 0.5;
const MEANING_WEIGHT = 0.3;
/** Scores are shown in thousandths; fused ones are below a hundredth. */
const FUSED_SCALE = 100;

/** The ranking by words with that by meaning; files that only meaning finds come in between. */
function fuse(ranked: readonly Candidate[], places: readonly MeantPlace[]): readonly Candidate[] {
  if (places.length === 0) return ranked;
  const keyOf = (repository: SettledRepository, path: string) => `${repository.id}\0${path}`;
  const byKey = new Map(ranked.map((one) => [keyOf(one.repository, one.path), one]));
  for (const place of places) {
    const { repository, path } = place;
    const key = keyOf(repository, path);
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, { repository, path, bytes: 0, counts: [], score: 0, place });
  }
  const fused = fuseRankings([
    { keys: ranked.map(({ repository, path }) => keyOf(repository, path)), weight: WORDS_WEIGHT },
    { keys: places.map(({ repository, path }) => keyOf(repository, path)), weight: MEANING_WEIGHT },
  ]);
  return fused.flatMap(([key, score]) => {
    const candidate = byKey.get(key);
    return candidate === undefined ? [] : [{ ...candidate, score: score * FUSED_SCALE }];
  });
}

function semanticOf({ places, missing, hint }: Meaning): NonNullable<TextHits['semantic']> {
  return { used: hint === undefined && places.length > 0, missing, ...(hint === undefined ? {} : { hint }) };
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
        { pattern, ignoreCase: true, partEndings: ENDINGS, want: 'counts', ...narrowing(request) },
        { limit: FILES_PER_TERM, signal },
      )
      .catch(async (error: unknown) => {
        throw await toRefusal(error, repository);
      });
    frequencies.push(found.totals.files);
    generation = Math.max(generation, found.generation);
    isComplete &&= found.complete;
    for (const file of found.files)
      candidateOf(byPath, file, repository, terms.length).counts[at] = file.lines;
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
  weighted: readonly QuestionTerm[],
): Promise<readonly Candidate[]> {
  const terms = weighted.map(({ text }) => text);
  const weights = weighted.map(({ weight }) => weight);
  const lengthMean = candidates.reduce((sum, { bytes }) => sum + bytes, 0) / Math.max(1, candidates.length);
  const documents = Math.max(status.record?.files ?? 0, candidates.length);
  const score = (candidate: Candidate) => {
    const { counts, bytes: length, path } = candidate;
    const words = bm25({ counts, length }, { documents, lengthMean, frequencies, weights }, CODE_SHAPE);
    candidate.score = words * classWeight(path);
  };
  for (const candidate of candidates) {
    const words = wordsOfPath(candidate.path);
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

/** Its parts, and the name of the file as a whole. */
function wordsOfPath(path: string): ReadonlySet<string> {
  const [name = ''] = (path.split('/').at(-1) ?? '').toLowerCase().split('.');
  return new Set([...subTokens(path).map(stem), name]);
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
    if (candidate.place !== undefined) continue;
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
  const round = (score: number) => Math.round(score * 1000) / 1000;
  const hits = await Promise.all(
    page.map(async (candidate) => {
      const { place, repository } = candidate;
      const line = best.get(candidate);
      const own =
        place !== undefined
          ? await presentPlaces([place], request)
          : line === undefined
            ? []
            : await withContext(repository, [line], request.contextLines);
      return own.map((hit) => ({ ...hit, score: round(candidate.score) }));
    }),
  );
  return hits.flat();
}

function termsOn({ text }: LineMatch, terms: readonly string[]): number {
  const lower = text.toLowerCase();
  return terms.filter((term) => lower.includes(term)).length;
}
