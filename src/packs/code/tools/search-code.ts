// search_code: lines by text or pattern, over every repository that the caller may see.
import type { Call, JsonObject, ToolResult } from '../../../tool.ts';
import { type CodeTool, createCodeTool, refusing } from '../code-tool.ts';
import { searchRanked } from '../ranking/ranked-search.ts';
import type { Repositories, RepositoriesOf, SettledRepository } from '../repositories/repositories.ts';
import { searchAuto } from './auto-search.ts';
import { chooseRepositories, type SkippedRepositories, skippedRepositories } from './chosen-repositories.ts';
import { searchFuzzy } from './fuzzy-search.ts';
import { groupsOf } from './grouped-results.ts';
import { answerRequest, BODY_REQUESTS } from './requests/answer-request.ts';
import { searchSymbols } from './requests/symbol-requests.ts';
import { fingerprintOf, renderSearch } from './search-answer.ts';
import { SEARCH_PROPERTIES, type SearchRequest, toSearchRequest } from './search-arguments.ts';
import { checkGenerations, parseCursor } from './search-cursor.ts';
import { measured, type SearchDeps } from './search-deps.ts';
import { searchMeaning } from './semantic-search.ts';
import { type Enclosing, searchText, type TextHit, type TextHits } from './text-search.ts';

const DESCRIPTION = [
  'Finds every line of the indexed source that contains a text or matches a regular expression, grouped by file, with exact totals.',
  'search_type fuzzy also finds words that are nearly the same.',
  'With search_type hybrid it ranks the files that best fit a question, by words and, where a model is configured, by meaning; with request_type it finds symbols, explains one, or prepares an edit with examples from other languages.',
  'Complete and current: use it before a plain text search over files.',
].join(' ');

const RESULT: JsonObject = {
  query: { type: 'string' },
  search_type: { type: 'string' },
  file_pattern: { type: 'string' },
  case_sensitive: { type: 'boolean' },
  total_results: { type: 'integer' },
  max_results: { type: 'integer' },
  context_lines: { type: 'integer' },
  results: { type: 'array', items: { type: 'object' } },
  results_by_repository: { type: 'object' },
  truncated: { type: 'boolean' },
  total_found: { type: 'integer' },
  total_files: { type: 'integer' },
  complete: { type: 'boolean' },
  next_cursor: { type: 'string' },
  request_metadata: { type: 'object' },
  readiness: { anyOf: [{ type: 'object' }, { type: 'null' }] },
  indexing_in_progress: { type: 'boolean' },
  note: { type: 'string' },
  request_type: { type: 'string' },
  definition: { type: 'object' },
  alternatives: { type: 'array' },
  primary_implementation: { anyOf: [{ type: 'object' }, { type: 'null' }] },
  reference_implementations: { type: 'array' },
  translation_hints: { type: 'array' },
};

/** In the answer to every form and type of request. */
const DEMANDED: ReadonlySet<string> = new Set([
  'query',
  'total_results',
  'results',
  'truncated',
  'total_found',
  'request_metadata',
  'readiness',
]);

/** Makes the tool over the repositories of one server. */
export function searchCodeTool(repositoriesOf: RepositoriesOf, deps: SearchDeps): CodeTool {
  return createCodeTool({
    name: 'search_code',
    title: 'Search code',
    description: DESCRIPTION,
    properties: SEARCH_PROPERTIES,
    result: RESULT,
    optionalResult: Object.keys(RESULT).filter((key) => !DEMANDED.has(key)),
    kind: 'read',
    run: refusing((call) => search(repositoriesOf(call), call, deps)),
  });
}

async function search(
  repositories: Repositories,
  call: Call,
  { meter, cache }: SearchDeps,
): Promise<ToolResult> {
  const request = toSearchRequest(call.args);
  return measured({ mode: modeOf(request), meter }, async () => {
    const chosen = await chooseFor(repositories, request);
    const skipped = skippedRepositories(repositories, request, chosen);
    const { args } = call;
    return cache.answer({ cache: 'search', tool: 'search_code', args, repositories: chosen, skipped }, () =>
      answerSearch({ chosen, request, skipped }, call),
    );
  });
}

/** Which search it is, for metrics: the type, or the structured request that is none. */
export function modeOf({ requestType, type }: SearchRequest): string {
  return requestType === undefined || requestType === 'pattern_search' ? type : requestType;
}

/** The repositories that a request asks, each ready for it. @throws CodeRefusal. */
export function chooseFor(
  repositories: Repositories,
  request: SearchRequest,
): Promise<readonly SettledRepository[]> {
  const isAboutSymbols = request.requestType !== undefined && request.requestType !== 'pattern_search';
  // A ranking without the names of symbols would be another one a moment later.
  const withSymbols = request.type === 'hybrid' || request.type === 'auto' || isAboutSymbols;
  return chooseRepositories(repositories, request, { withSymbols });
}

async function answerSearch(
  { chosen, request, skipped }: ChosenSearch & { readonly skipped: SkippedRepositories },
  call: Call,
): Promise<ToolResult> {
  if (request.requestType !== undefined && BODY_REQUESTS.has(request.requestType))
    return answerRequest(request.requestType, { repositories: chosen, request }, call);
  const fingerprint = fingerprintOf(call.args);
  const position = request.cursor === undefined ? undefined : parseCursor(request.cursor, fingerprint);
  const offset = position?.offset ?? 0;
  const { found, enclosing } = await findHits({ chosen, request }, { offset, signal: call.signal });
  if (position !== undefined) checkGenerations(position.generations, found.generations);
  const groups = request.groupByRepository
    ? await groupsOf(chosen, request, { hits: found.hits, enclosing })
    : undefined;
  return renderSearch({
    args: call.args,
    request,
    repositories: chosen,
    found,
    offset,
    enclosing,
    skipped,
    groups,
  });
}

/** A request with the repositories that it asks. */
interface ChosenSearch {
  readonly chosen: readonly SettledRepository[];
  readonly request: SearchRequest;
}

/** The hits of a request from the one at `offset`, and the symbol that each lies in. @throws CodeRefusal. */
export async function findHits(
  { chosen, request }: ChosenSearch,
  options: { readonly offset: number; readonly signal: AbortSignal },
): Promise<{ readonly found: TextHits; readonly enclosing: readonly (Enclosing | undefined)[] }> {
  const run = request.requestType === 'symbol_search' ? searchSymbols : SEARCHES[request.type];
  const found = await run(chosen, request, options);
  return { found, enclosing: await enclosingOf(found.hits) };
}

const SEARCHES: Readonly<Record<SearchRequest['type'], typeof searchText>> = {
  literal: searchText,
  regex: searchText,
  fuzzy: searchFuzzy,
  auto: searchAuto,
  hybrid: searchRanked,
  semantic: searchMeaning,
};

/** The symbol that each hit lies in, as far as symbols are known by now: lines do not wait for them. */
async function enclosingOf(hits: readonly TextHit[]): Promise<readonly (Enclosing | undefined)[]> {
  const byRepository = Map.groupBy(hits, ({ repository }) => repository);
  const found = new Map<TextHit, Enclosing>();
  for (const [{ symbols }, own] of byRepository) {
    const around = await symbols.enclosing(own.map(({ path, line }) => ({ path, line })));
    for (const [at, hit] of own.entries()) {
      const symbol = around[at];
      if (symbol !== undefined) found.set(hit, symbol);
    }
  }
  return hits.map((hit) => found.get(hit));
}
