// Lines with words that are nearly what was asked for: a letter or two apart, or with many of the same three-letter parts.

import { CodeRefusal } from '../code-tool.ts';
import type { LineMatch } from '../index/text-query.ts';
import { type SettledRepository, toRefusal } from '../repositories/repositories.ts';
import { editDistance } from '../symbols/name-match.ts';
import type { SearchRequest } from './search-arguments.ts';
import { narrowing, type TextHit, type TextHits, withContext } from './text-search.ts';

/** Below it two words only share some letters (spec code §2.3). */
const SIMILARITY_MIN = 0.3;
/** Shorter words may differ in one letter, longer ones in two. */
const SHORT_WORD = 5;
/** Lines judged in each repository; a question with more is answered as not complete. */
const CANDIDATES_MAX = 5_000;
/** Parts of a word by which lines are found that are alike but more than two letters apart. */
const PART_LETTERS = 5;
/** Longer words are looked for by their parts alone: the ways to change two letters grow with the square. */
const CHANGED_LETTERS_MAX = 16;
const WORDS_MAX = 5;

interface Scored {
  readonly repository: SettledRepository;
  readonly match: LineMatch;
  readonly score: number;
}

/** Most alike first. Rejects with CodeRefusal `invalid_arguments` for a query without a word. */
export async function searchFuzzy(
  repositories: readonly SettledRepository[],
  request: SearchRequest,
  options: { readonly offset: number; readonly signal: AbortSignal },
): Promise<TextHits> {
  const words = wordsOf(request.query).slice(0, WORDS_MAX);
  const longest = words.toSorted((a, b) => b.length - a.length)[0];
  if (longest === undefined)
    throw new CodeRefusal('invalid_arguments', 'A fuzzy search needs a word of three letters; use literal.');
  const generations: Record<string, number> = {};
  const found: Scored[] = [];
  let isComplete = true;
  for (const repository of repositories) {
    const { matches, complete, truncated, generation } = await candidates(repository, longest, {
      request,
      ...options,
    });
    generations[repository.id] = generation;
    isComplete &&= complete && !truncated;
    for (const match of matches) {
      const scored = judge(match, words);
      if (scored !== undefined) found.push({ repository, ...scored });
    }
  }
  found.sort((a, b) => b.score - a.score || compare(a.match, b.match));
  const page = found.slice(options.offset, options.offset + request.limit);
  const hits = await Promise.all(page.map((one) => present(one, request)));
  const files = new Set(found.map(({ repository, match }) => `${repository.id} ${match.path}`)).size;
  return { hits: hits.flat(), lines: found.length, files, unit: 'line', isComplete, generations };
}

/** 1 for the same word, less for each changed letter, else the share of common three-letter parts; 0: not alike. */
export function wordSimilarity(asked: string, word: string): number {
  const [wanted, given] = [asked.toLowerCase(), word.toLowerCase()];
  if (wanted === given) return 1;
  const most = wanted.length < SHORT_WORD ? 1 : 2;
  const distance = editDistance(wanted, given, most);
  const near = distance > most ? 0 : 1 - distance / Math.max(wanted.length, given.length);
  const shared = sharedParts(wanted, given);
  const score = Math.max(near, shared >= SIMILARITY_MIN ? shared : 0);
  return Math.round(score * 1000) / 1000;
}

/** Words and identifiers of at least three letters. */
function wordsOf(text: string): readonly string[] {
  return [...text.matchAll(/[\p{L}_$][\p{L}\p{N}_$]{2,}/gu)].map(([word]) => word);
}

async function candidates(
  repository: SettledRepository,
  word: string,
  { request, signal }: { readonly request: SearchRequest; readonly signal: AbortSignal },
) {
  try {
    return await repository.index.text.search(
      { pattern: likePattern(word), syntax: 'regex', ignoreCase: true, ...narrowing(request) },
      { limit: CANDIDATES_MAX, signal },
    );
  } catch (error) {
    throw await toRefusal(error, repository);
  }
}

/** Matches every word a letter or two apart, and what holds a longer part of it. */
function likePattern(word: string): string {
  const letters = [...word].map((letter) => letter.replace(/[$]/, '\\$&'));
  // Letters of ASCII: every class of Unicode costs the pattern a thousand states, and it has a hundred gaps.
  const gap = '[0-9a-z_]{0,2}';
  const changed: string[] = [];
  const isChanged = letters.length <= CHANGED_LETTERS_MAX;
  for (let first = 0; isChanged && first < letters.length; first++) {
    const head = letters.slice(0, first).join('') + gap;
    if (letters.length < SHORT_WORD) changed.push(head + letters.slice(first + 1).join(''));
    for (let second = first + 1; letters.length >= SHORT_WORD && second < letters.length; second++)
      changed.push(
        head + letters.slice(first + 1, second).join('') + gap + letters.slice(second + 1).join(''),
      );
  }
  const size = Math.min(PART_LETTERS, letters.length);
  const parts = letters
    .slice(0, letters.length - size + 1)
    .map((_, at) => letters.slice(at, at + size).join(''));
  return [...new Set([...parts, ...changed])].join('|');
}

/** The word of the line that is most like the asked one; undefined unless every asked word has one. */
function judge(match: LineMatch, words: readonly string[]): Pick<Scored, 'match' | 'score'> | undefined {
  let sum = 0;
  let best: { readonly index: number; readonly length: number; readonly score: number } | undefined;
  for (const asked of words) {
    let own = 0;
    for (const { 0: word, index } of match.text.matchAll(/[\p{L}_$][\p{L}\p{N}_$]*/gu)) {
      const score = wordSimilarity(asked, word);
      own = Math.max(own, score);
      if (score > (best?.score ?? 0)) best = { index, length: word.length, score };
    }
    if (own === 0) return undefined;
    sum += own;
  }
  if (best === undefined) return undefined;
  const column = match.textColumn + best.index;
  return {
    match: { ...match, column, length: best.length },
    score: Math.round((sum / words.length) * 1000) / 1000,
  };
}

async function present(
  { repository, match, score }: Scored,
  request: SearchRequest,
): Promise<readonly TextHit[]> {
  const found = await withContext(repository, [match], request.contextLines);
  return found.map((hit) => ({ ...hit, score, matchType: 'fuzzy' }));
}

/** As pg_trgm counts: common parts over all parts, of each word between blanks. */
function sharedParts(a: string, b: string): number {
  const [one, other] = [partsOf(a), partsOf(b)];
  const common = [...one].filter((part) => other.has(part)).length;
  return common / (one.size + other.size - common);
}

function partsOf(word: string): ReadonlySet<string> {
  const padded = `  ${word} `;
  return new Set(Array.from({ length: padded.length - 2 }, (_, at) => padded.slice(at, at + 3)));
}

function compare(a: LineMatch, b: LineMatch): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line;
}
