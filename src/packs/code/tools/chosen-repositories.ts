// Which repositories a search means, each ready to answer.
import type { Repositories, SettledRepository } from '../repositories/repositories.ts';
import type { SearchRequest } from './search-arguments.ts';

/**
 * Discovery compares what each repository has; more of them at once make it slower and its answer no better (spec code
 * §7). Lines and patterns are searched everywhere: what holds them is a fact, and none may be missing.
 */
export const DISCOVERED_MAX = 10;

/** Whether a request is about what does the same, and not about which lines hold something. */
export function isDiscovery({ requestType, type, groupByRepository }: SearchRequest): boolean {
  const isLines = requestType === undefined || requestType === 'pattern_search';
  return !isLines || type === 'hybrid' || type === 'auto' || groupByRepository;
}

/** Rejects with CodeRefusal `index_unavailable`. `withSymbols` also waits for what is defined where. */
export async function chooseRepositories(
  repositories: Repositories,
  request: SearchRequest,
  options: { readonly withSymbols: boolean },
): Promise<readonly SettledRepository[]> {
  const { repository, repositories: several, types } = request;
  const ready = options.withSymbols ? repositories.readySymbols : repositories.ready;
  const isWanted = (one: SettledRepository) => types.includes(one.type);
  if (several === undefined) {
    const wanted = (await ready(repository)).filter(isWanted);
    // They stand in the order of their priority: the own code first.
    return isDiscovery(request) ? wanted.slice(0, DISCOVERED_MAX) : wanted;
  }
  const chosen = new Map<string, SettledRepository>();
  for (const selector of several) for (const one of await ready(selector)) chosen.set(one.id, one);
  return [...chosen.values()].filter(isWanted);
}

/** Names of repositories that were not searched, by the reason why. */
export interface SkippedRepositories {
  readonly notReady: readonly string[];
  /** Beyond those that discovery asks at once. */
  readonly beyond: readonly string[];
}

/** What the caller sees and did not leave out by its request. */
export function skippedRepositories(
  { all }: Repositories,
  request: SearchRequest,
  chosen: readonly SettledRepository[],
): SkippedRepositories {
  const { repository, repositories, types } = request;
  if (repository !== undefined || repositories !== undefined) return { notReady: [], beyond: [] };
  const searched = new Set(chosen.map(({ id }) => id));
  const left = all.filter(({ id, type }) => !searched.has(id) && types.includes(type));
  const names = left.map(({ name }) => name);
  return isDiscovery(request) && chosen.length >= DISCOVERED_MAX
    ? { notReady: [], beyond: names }
    : { notReady: names, beyond: [] };
}
