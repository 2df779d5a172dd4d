// code://search?q=...: a page of hits; code://search/{id}: the same search, for a quarter of an hour.
import type { Clock } from '../../../clock.ts';
import { completeFrom } from '../../../handlers/content/completion.ts';
import { parseUriTemplate } from '../../../handlers/content/uri-template.ts';
import type { Call, JsonObject, ResourceContent, ResourceTemplate } from '../../../tool.ts';
import { CodeRefusal } from '../code-tool.ts';
import type { RepositoriesOf } from '../repositories/repositories.ts';
import { toHit } from '../tools/search-answer.ts';
import { QUERY_MAX, toSearchRequest } from '../tools/search-arguments.ts';
import { chooseFor, findHits, modeOf } from '../tools/search-code.ts';
import type { SearchDeps } from '../tools/search-deps.ts';
import { completeNames, completeSymbols } from './complete.ts';
import { jsonContent, numberOf, reading, variable } from './resource-answer.ts';
import { parseSearchId, toSearchId } from './search-id.ts';

const URI = 'code://search{?q,type,page,size,language,repository}';
const KEPT_URI = 'code://search/{id}';
const template = parseUriTemplate(URI);
const keptTemplate = parseUriTemplate(KEPT_URI);

/** Kinds of searches, and what each is in the words of search_code. */
const TYPES: Readonly<Record<string, JsonObject>> = {
  text: { search_type: 'literal' },
  fuzzy: { search_type: 'fuzzy' },
  semantic: { search_type: 'semantic' },
  regex: { search_type: 'regex' },
  symbol: { request_type: 'symbol_search' },
  hybrid: { search_type: 'hybrid' },
  auto: { search_type: 'auto' },
};
const SIZE = 20;
const SIZE_MAX = 100;
const PAGE_MAX = 10_000;
const CONTEXT_LINES = 2;

/** One page of a search, as its address says it. */
interface SearchedFor {
  readonly q: string;
  readonly type: string;
  readonly page: number;
  readonly size: number;
  readonly language?: string;
  readonly repository?: string;
}

/** What both templates work with. */
export interface SearchResourceDeps {
  readonly of: RepositoriesOf;
  readonly search: Pick<SearchDeps, 'meter'>;
  readonly clock: Clock;
}

/** Makes both templates over the repositories of one server. */
export function searchTemplates(deps: SearchResourceDeps): readonly ResourceTemplate[] {
  const { of, clock } = deps;
  return [
    {
      spec: Object.freeze({
        uriTemplate: URI,
        name: 'code-search',
        title: 'Search',
        description: `A page of hits; type is ${Object.keys(TYPES).join(', ')} (default text), size at most ${SIZE_MAX}.`,
        mimeType: 'application/json',
      }),
      match: template.match,
      read: reading((call) => answer(deps, call, searchedFor(call.args))),
      complete(name, value, _context, by) {
        if (name === 'type') return completeFrom(Object.keys(TYPES), value);
        return name === 'q' ? completeSymbols(of(by), value) : completeNames(of(by), name, value);
      },
    },
    {
      spec: Object.freeze({
        uriTemplate: KEPT_URI,
        name: 'code-kept-search',
        title: 'Search made before',
        description: 'A search by the id that it answered with, for 15 minutes.',
        mimeType: 'application/json',
      }),
      match: keptTemplate.match,
      read: reading((call) => {
        const kept = parseSearchId(variable(call.args, 'id') ?? '', clock.now());
        return answer(deps, call, searchedFor(kept.search), kept.generations);
      }),
    },
  ];
}

/** @throws CodeRefusal `invalid_arguments`. */
function searchedFor(args: JsonObject): SearchedFor {
  const [q, language, repository] = ['q', 'language', 'repository'].map((name) => variable(args, name));
  const type = variable(args, 'type') ?? 'text';
  if (q === undefined || q.length > QUERY_MAX)
    throw new CodeRefusal(
      'invalid_arguments',
      `Give what to look for in q, at most ${QUERY_MAX} characters.`,
    );
  if (!Object.hasOwn(TYPES, type))
    throw new CodeRefusal('invalid_arguments', `type=${type}: give one of ${Object.keys(TYPES).join(', ')}.`);
  return {
    ...{ q, type },
    page: numberOf(args, 'page', { fallback: 1, max: PAGE_MAX }),
    size: numberOf(args, 'size', { fallback: SIZE, max: SIZE_MAX }),
    ...(language === undefined ? {} : { language }),
    ...(repository === undefined ? {} : { repository }),
  };
}

async function answer(
  { of, search, clock }: SearchResourceDeps,
  { args, principal, signal }: Call,
  asked: SearchedFor,
  before?: Readonly<Record<string, number>>,
): Promise<readonly ResourceContent[]> {
  const started = performance.now();
  const { q, type, page, size, language, repository } = asked;
  const request = toSearchRequest({
    query: q,
    ...TYPES[type],
    limit: size,
    context_lines: CONTEXT_LINES,
    ...(language === undefined ? {} : { language }),
    ...(repository === undefined ? {} : { repository }),
  });
  const chosen = await chooseFor(of({ principal }), request);
  const offset = (page - 1) * size;
  const { found, enclosing } = await findHits({ chosen, request }, { offset, signal });
  const { generations, lines, files, isComplete } = found;
  search.meter.searched({
    mode: modeOf(request),
    seconds: (performance.now() - started) / 1000,
    results: lines,
  });
  const variables = Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, String(value)]));
  const kept = toSearchId({ search: variables, generations }, clock.now());
  return jsonContent(args.uri, {
    ...asked,
    id: kept.id,
    uri: `code://search/${kept.id}`,
    expires_at: new Date(kept.until).toISOString(),
    total: lines,
    total_files: files,
    pages: Math.ceil(lines / size),
    complete: isComplete,
    // Whether the code is another than when the search was made.
    ...(before === undefined ? {} : { changed: !isSame(before, generations) }),
    results: found.hits.map((hit, at) => toHit(hit, enclosing[at])),
    ...(offset + found.hits.length < lines ? { next: pageUri({ ...asked, page: page + 1 }) } : {}),
  });
}

function isSame(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): boolean {
  const ids = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...ids].every((id) => a[id] === b[id]);
}

function pageUri(asked: SearchedFor): string {
  const pairs = Object.entries(asked).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return `code://search?${pairs.join('&')}`;
}
