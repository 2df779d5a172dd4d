// search_code: lines by text or pattern, over every repository that the caller may see.
import type { Call, JsonObject, ToolResult } from '../../../tool.ts';
import { CodeRefusal, type CodeTool, createCodeTool, refusing } from '../code-tool.ts';
import { searchRanked } from '../ranking/ranked-search.ts';
import type { Repositories, RepositoriesOf, SettledRepository } from '../repositories/repositories.ts';
import { type Enclosing, fingerprintOf, renderSearch } from './search-answer.ts';
import { SEARCH_PROPERTIES, type SearchRequest, toSearchRequest } from './search-arguments.ts';
import { checkGenerations, parseCursor } from './search-cursor.ts';
import { searchText, type TextHit } from './text-search.ts';

const DESCRIPTION = [
  'Finds every line of the indexed source that contains a text or matches a regular expression, grouped by file, with exact totals.',
  'With search_type hybrid it ranks the files that best fit the words of a question.',
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
};

/** Makes the tool over the repositories of one server. */
export function searchCodeTool(repositoriesOf: RepositoriesOf): CodeTool {
  return createCodeTool({
    name: 'search_code',
    title: 'Search code',
    description: DESCRIPTION,
    properties: SEARCH_PROPERTIES,
    result: RESULT,
    optionalResult: ['results_by_repository', 'next_cursor', 'note'],
    kind: 'read',
    run: refusing((call) => search(repositoriesOf(call), call)),
  });
}

async function search(repositories: Repositories, call: Call): Promise<ToolResult> {
  const request = toSearchRequest(call.args);
  if (request.type === 'semantic') throw semanticRefusal();
  const chosen = await choose(repositories, request);
  const fingerprint = fingerprintOf(call.args);
  const position = request.cursor === undefined ? undefined : parseCursor(request.cursor, fingerprint);
  const offset = position?.offset ?? 0;
  const run = request.type === 'hybrid' ? searchRanked : searchText;
  const found = await run(chosen, request, { offset, signal: call.signal });
  if (position !== undefined) checkGenerations(position.generations, found.generations);
  const enclosing = await enclosingOf(found.hits);
  const skipped = skippedOf(repositories, request, chosen);
  return renderSearch({ args: call.args, request, repositories: chosen, found, offset, enclosing, skipped });
}

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

/** Names of what was added and would have been searched, were its index ready. */
function skippedOf(
  { all }: Repositories,
  { repository, repositories, types }: SearchRequest,
  chosen: readonly SettledRepository[],
): readonly string[] {
  if (repository !== undefined || repositories !== undefined) return [];
  const searched = new Set(chosen.map(({ id }) => id));
  return all.flatMap(({ id, type, name }) => (searched.has(id) || !types.includes(type) ? [] : [name]));
}

async function choose(
  repositories: Repositories,
  { repository, repositories: several, type, types }: SearchRequest,
): Promise<readonly SettledRepository[]> {
  // A ranking without the names of symbols would be another one a moment later.
  const ready = type === 'hybrid' ? repositories.readySymbols : repositories.ready;
  const isWanted = (one: SettledRepository) => types.includes(one.type);
  if (several === undefined) return (await ready(repository)).filter(isWanted);
  const chosen = new Map<string, SettledRepository>();
  for (const selector of several) for (const one of await ready(selector)) chosen.set(one.id, one);
  return [...chosen.values()].filter(isWanted);
}

/** No vectors are made in this version, which is one of the semantic states (spec code §5). */
function semanticRefusal(): CodeRefusal {
  return new CodeRefusal(
    'semantic_not_ready',
    'Semantic search needs an embedding model, and none is configured.',
    {
      semantic_state: 'enrichment_unavailable',
      remediation: 'Search with search_type literal or regex.',
    },
  );
}
