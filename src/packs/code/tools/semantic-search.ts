// Search by meaning: the places whose text is nearest to a question, and what of it other rankings take.
import { ModelError } from '../../../models/model-error.ts';
import { CodeRefusal } from '../code-tool.ts';
import { compileGlob } from '../index/intake/glob.ts';
import type { LineMatch } from '../index/text-query.ts';
import type { SettledRepository } from '../repositories/repositories.ts';
import type { NearPlace, SemanticState } from '../semantic/semantic-index.ts';
import { languageGlobs, patternGlob, type SearchRequest } from './search-arguments.ts';
import type { TextHit, TextHits } from './text-search.ts';

/** Places of each way of searching that a fused ranking takes, and of which a ranking by meaning consists (spec §2.3). */
const PLACES_MAX = 50;
/** A ranking by words does not wait longer for meaning; what comes later serves the next one who asks the same. */
const WAIT_MS = 400;
/** Lines of a place that are shown: its beginning says what it is. */
const LINES_SHOWN = 6;

/** States in which an answer by meaning alone would leave out what is there. */
const UNREADY: ReadonlySet<SemanticState> = new Set(['vectors_missing', 'vector_dimension_mismatch']);

/** A place with the repository that it lies in. */
export interface MeantPlace extends NearPlace {
  readonly repository: SettledRepository;
}

/** What meaning adds to a ranking. */
export interface Meaning {
  /** Best first; of each file the best place. */
  readonly places: readonly MeantPlace[];
  /** Texts that have no vectors yet. */
  readonly missing: number;
  /** Why it adds nothing. */
  readonly hint?: string;
}

/** Meaning for a ranking by words: waited for a moment, and left out with a hint where it does not come. */
export async function meaningOf(
  repositories: readonly SettledRepository[],
  request: SearchRequest,
): Promise<Meaning | undefined> {
  const [first] = meantOf(repositories);
  if (first === undefined) return undefined;
  const { meter } = first.meaning;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, WAIT_MS, 'late');
  });
  const near = nearestPlaces(repositories, request, { onePerFile: true });
  try {
    const found = await Promise.race([near, late]);
    if (found === 'late') {
      near.catch(() => undefined);
      meter.askedForMeaning('late');
      return nothing(`The embedding endpoint did not answer within ${WAIT_MS} ms`);
    }
    meter.askedForMeaning('used');
    return found;
  } catch (error) {
    meter.askedForMeaning('failed');
    return nothing(reasonOf(error));
  } finally {
    clearTimeout(timer);
  }
}

function nothing(reason: string): Meaning {
  return {
    places: [],
    missing: 0,
    hint: `Semantic search is unavailable, and the ranking is lexical: ${reason}.`,
  };
}

/** The hits of `search_type: semantic`. @throws CodeRefusal `semantic_not_ready` or `semantic_search_failed`. */
export async function searchMeaning(
  repositories: readonly SettledRepository[],
  request: SearchRequest,
  options: { readonly offset: number },
): Promise<TextHits> {
  const meant = meantOf(repositories);
  const [first] = meant;
  if (first === undefined || meant.length < repositories.length) throw notConfigured();
  if (meant.some(({ meaning }) => UNREADY.has(meaning.status.state))) {
    first.meaning.meter.askedForMeaning('not_ready');
    throw notReady(
      meant,
      meant.reduce((sum, { meaning }) => sum + meaning.status.pending, 0),
    );
  }
  const found = await nearestPlaces(repositories, request, { onePerFile: false }).catch((error: unknown) => {
    first.meaning.meter.askedForMeaning('failed');
    throw new CodeRefusal('semantic_search_failed', `The question has no vector: ${reasonOf(error)}.`, {
      semantic_state: first.meaning.status.state,
      remediation: 'Search with search_type hybrid, literal or regex; they need no model.',
    });
  });
  if (found.missing > 0) {
    first.meaning.meter.askedForMeaning('not_ready');
    throw notReady(meant, found.missing);
  }
  first.meaning.meter.askedForMeaning('used');
  const places = found.places.slice(options.offset, options.offset + request.limit);
  const hits = await presentPlaces(places, request);
  const files = new Set(found.places.map(({ repository, path }) => `${repository.id} ${path}`)).size;
  return {
    hits: hits.map((hit, at) => ({ ...hit, score: rounded(places[at]?.score ?? 0), matchType: 'semantic' })),
    lines: found.places.length,
    files,
    unit: 'line',
    isComplete: true,
    generations: generationsOf(repositories),
  };
}

/** Places as hits, in their order: the first lines of each that say something. */
export async function presentPlaces(
  places: readonly MeantPlace[],
  request: SearchRequest,
): Promise<readonly TextHit[]> {
  const shown = Math.max(LINES_SHOWN, 2 * request.contextLines + 1);
  return Promise.all(
    places.map(async ({ repository, path, line, lineEnd }): Promise<TextHit> => {
      const [lines = []] = await repository.index.text.excerpts([{ path, from: line, to: lineEnd }]);
      const first = Math.max(
        0,
        lines.findIndex((text) => text.trim() !== ''),
      );
      const own = lines.slice(first, first + shown);
      const match: LineMatch = {
        path,
        line: line + first,
        lineEnd: line + first + Math.max(0, own.length - 1),
        column: 1,
        length: own[0]?.length ?? 0,
        text: own.join('\n'),
        textColumn: 1,
      };
      return { ...match, repository, before: [], after: [] };
    }),
  );
}

async function nearestPlaces(
  repositories: readonly SettledRepository[],
  request: SearchRequest,
  { onePerFile }: { readonly onePerFile: boolean },
): Promise<Meaning> {
  const admits = admission(request);
  const found = await Promise.all(
    meantOf(repositories).map(async (repository) => {
      const query = { question: request.query, limit: PLACES_MAX, onePerFile };
      const own = await repository.meaning.search({ ...query, ...(admits === undefined ? {} : { admits }) });
      return { missing: own.missing, places: own.near.map((place) => ({ ...place, repository })) };
    }),
  );
  const places = found
    .flatMap((one) => one.places)
    .sort((a, b) => b.score - a.score || compare(a.path, b.path) || a.line - b.line)
    .slice(0, PLACES_MAX);
  return { places, missing: found.reduce((sum, { missing }) => sum + missing, 0) };
}

/** Filters hold before the ranking; undefined where there are none. */
function admission(request: SearchRequest): ((path: string) => boolean) | undefined {
  if (request.include.length === 0 && request.languages.length === 0) return undefined;
  const ofLanguage = languageGlobs(request.languages).map((glob) => compileGlob(`**/${glob}`));
  return (path) =>
    patternGlob(request, path) && (ofLanguage.length === 0 || ofLanguage.some((test) => test(path)));
}

function meantOf(repositories: readonly SettledRepository[]) {
  return repositories.flatMap((one) => (one.meaning === undefined ? [] : [{ ...one, meaning: one.meaning }]));
}

/** The state of each index, as a cursor is bound to it. */
function generationsOf(repositories: readonly SettledRepository[]): Record<string, number> {
  return Object.fromEntries(repositories.map(({ id, status }) => [id, status.record?.generation ?? 0]));
}

/** What of a failure may be told: messages of {@link ModelError} hold no keys and no addresses. */
function reasonOf(error: unknown): string {
  return error instanceof ModelError ? error.message.replace(/\.$/, '') : 'the vectors cannot be searched';
}

function notConfigured(): CodeRefusal {
  return new CodeRefusal(
    'semantic_not_ready',
    'Semantic search needs an embedding model, and none is configured (packs.code.semantic).',
    {
      semantic_state: 'enrichment_unavailable',
      remediation: 'Search with search_type literal or regex.',
    },
  );
}

function notReady(meant: ReturnType<typeof meantOf>, missing: number): CodeRefusal {
  const states = meant.map(({ meaning }) => meaning.status);
  const problem = states.find((one) => one.problem !== null)?.problem ?? null;
  return new CodeRefusal(
    'semantic_not_ready',
    `${missing} texts have no vectors yet${problem === null ? '' : `: ${problem}`}`,
    {
      semantic_state: states.find(({ state }) => state !== 'ready')?.state ?? 'vectors_missing',
      missing,
      remediation: 'Ask again later, or search with search_type hybrid, which uses what there is.',
    },
  );
}

function rounded(score: number): number {
  return Math.round(score * 1000) / 1000;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
