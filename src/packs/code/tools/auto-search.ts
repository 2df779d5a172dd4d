// A search that chooses by its query: names are looked up and then found as text, everything else is ranked.
import { searchRanked } from '../ranking/ranked-search.ts';
import type { SettledRepository } from '../repositories/repositories.ts';
import { searchSymbols } from './requests/symbol-requests.ts';
import type { SearchRequest } from './search-arguments.ts';
import { searchText, type TextHits } from './text-search.ts';

/** Definitions shown before the lines; of more of one name, lookup_symbol tells. */
const DEFINITIONS_MAX = 10;
/** The same name, or in another case (spec code §3). */
const SAME_NAME = 0.95;
const KEYWORD =
  /^(?:class|def|function|func|fn|interface|struct|type|enum|const|var|let)\s+([\p{L}_$][\p{L}\p{N}_$]*)$/u;
const NAME =
  /^(?:[A-Za-z]+_\w+|_\w+|[a-z]+[A-Z]\w*|[A-Z]\w*[a-z]\w*|[A-Z][A-Z0-9_]+|[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+)$/;

/** The name that a query is, or undefined where it is a text or a question (spec code §2.3). */
export function nameOf(query: string): string | undefined {
  const text = query.trim();
  const declared = KEYWORD.exec(text)?.[1];
  if (declared !== undefined) return declared;
  return NAME.test(text) ? text.split('.').at(-1) : undefined;
}

/** Definitions first, then lines; or files by rank. */
export async function searchAuto(
  repositories: readonly SettledRepository[],
  request: SearchRequest,
  options: { readonly offset: number; readonly signal: AbortSignal },
): Promise<TextHits> {
  const name = nameOf(request.query);
  if (name === undefined) return searchRanked(repositories, request, options);
  const asked = { ...request, query: name, limit: DEFINITIONS_MAX };
  const { hits } = await searchSymbols(repositories, asked, { ...options, offset: 0 });
  const definitions = hits.filter(({ score = 0 }) => score >= SAME_NAME);
  const shown = definitions.slice(options.offset, options.offset + request.limit);
  const lines = await searchText(
    repositories,
    { ...request, limit: request.limit - shown.length },
    { ...options, offset: Math.max(0, options.offset - definitions.length) },
  );
  return { ...lines, hits: [...shown, ...lines.hits], lines: definitions.length + lines.lines };
}
