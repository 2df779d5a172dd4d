// Which repositories a search means, each ready to answer.
import type { Repositories, SettledRepository } from '../repositories/repositories.ts';
import type { SearchRequest } from './search-arguments.ts';

/** Rejects with CodeRefusal `index_unavailable`. `withSymbols` also waits for what is defined where. */
export async function chooseRepositories(
  repositories: Repositories,
  { repository, repositories: several, types }: SearchRequest,
  options: { readonly withSymbols: boolean },
): Promise<readonly SettledRepository[]> {
  const ready = options.withSymbols ? repositories.readySymbols : repositories.ready;
  const isWanted = (one: SettledRepository) => types.includes(one.type);
  if (several === undefined) return (await ready(repository)).filter(isWanted);
  const chosen = new Map<string, SettledRepository>();
  for (const selector of several) for (const one of await ready(selector)) chosen.set(one.id, one);
  return [...chosen.values()].filter(isWanted);
}

/** Names of what was added and would have been searched, were its index ready. */
export function skippedRepositories(
  { all }: Repositories,
  { repository, repositories, types }: SearchRequest,
  chosen: readonly SettledRepository[],
): readonly string[] {
  if (repository !== undefined || repositories !== undefined) return [];
  const searched = new Set(chosen.map(({ id }) => id));
  return all.flatMap(({ id, type, name }) => (searched.has(id) || !types.includes(type) ? [] : [name]));
}
