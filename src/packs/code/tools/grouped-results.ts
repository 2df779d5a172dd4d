// The same question asked of each repository by itself, so that one in another language, or with other names, is seen
// beside the own code and not below it.

import { languageOf } from '../languages.ts';
import { conceptsOf } from '../ranking/synonyms.ts';
import type { SettledRepository } from '../repositories/repositories.ts';
import type { SearchRequest } from './search-arguments.ts';
import { patternGlob } from './search-arguments.ts';
import type { Enclosing, TextHit } from './text-search.ts';

/** Definitions looked at in each repository before filters. */
const CANDIDATES = 200;

/** One row of a group (spec code §2.2). */
interface GroupRow {
  readonly file: string;
  readonly function: string | null;
  readonly language: string;
  readonly similarity: number;
  readonly line: number;
  readonly line_end: number;
}

/** By the name of the repository. */
export type RepositoryGroups = Readonly<Record<string, readonly GroupRow[]>>;

/** Of a ranked search the definitions of each repository that do what is asked for; of any other its own hits. */
export async function groupsOf(
  repositories: readonly SettledRepository[],
  request: SearchRequest,
  {
    hits,
    enclosing,
  }: { readonly hits: readonly TextHit[]; readonly enclosing: readonly (Enclosing | undefined)[] },
): Promise<RepositoryGroups> {
  const groups: Record<string, readonly GroupRow[]> = {};
  const rowsOf = ({ id }: SettledRepository) =>
    hits.flatMap((hit, at) => (hit.repository.id === id ? [toRow(hit, enclosing[at])] : []));
  for (const repository of repositories) {
    const rows = request.type === 'hybrid' ? await conceptRows(repository, request) : rowsOf(repository);
    if (rows.length > 0) groups[repository.name] = rows;
  }
  return groups;
}

async function conceptRows(
  { symbols }: SettledRepository,
  request: SearchRequest,
): Promise<readonly GroupRow[]> {
  const found = await symbols.discover({ concepts: conceptsOf(request.query), limit: CANDIDATES });
  return found
    .filter(({ language }) => request.languages.length === 0 || request.languages.includes(language))
    .filter(({ path }) => patternGlob(request, path))
    .slice(0, request.limit)
    .map(({ path, name, language, similarity, lineStart, lineEnd }) => ({
      file: path,
      function: name,
      language,
      similarity,
      line: lineStart,
      line_end: lineEnd,
    }));
}

function toRow({ path, line, lineEnd, score }: TextHit, inside: Enclosing | undefined): GroupRow {
  return {
    file: path,
    function: inside?.name ?? null,
    language: languageOf(path),
    similarity: score ?? 1,
    line,
    line_end: lineEnd,
  };
}
