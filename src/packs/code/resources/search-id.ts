// The id of a search that was made: it holds the search itself, so that every process knows it and none has to keep it.
import { CodeRefusal } from '../code-tool.ts';

/** How long an id is good for (spec code §9). */
export const SEARCH_ID_MS = 15 * 60_000;

/** A search with the state of each index that answered it, by repository id. */
export interface KeptSearch {
  /** The variables of its address. */
  readonly search: Readonly<Record<string, string>>;
  readonly generations: Readonly<Record<string, number>>;
}

/** `until` in epoch milliseconds. */
export function toSearchId(
  { search, generations }: KeptSearch,
  now: number,
): { readonly id: string; readonly until: number } {
  const until = now + SEARCH_ID_MS;
  return { id: Buffer.from(JSON.stringify([until, search, generations])).toString('base64url'), until };
}

/**
 * What is read may have been written by anybody: the variables are to be judged like those of an address.
 * @throws CodeRefusal `unknown_search` for an id whose time is over, or that nobody made.
 */
export function parseSearchId(id: string, now: number): KeptSearch {
  const [until, search, generations] = parseParts(id);
  if (typeof until !== 'number' || !isRecordOf(search, 'string') || !isRecordOf(generations, 'number'))
    throw new CodeRefusal('unknown_search', 'There is no search with this id.');
  if (until <= now || until > now + SEARCH_ID_MS)
    throw new CodeRefusal('unknown_search', 'The search is no longer kept; make it again.');
  return {
    search: search as KeptSearch['search'],
    generations: generations as KeptSearch['generations'],
  };
}

function parseParts(id: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(id, 'base64url').toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    // Not JSON: nothing that toSearchId made, which the caller is told.
    return [];
  }
}

function isRecordOf(value: unknown, type: 'string' | 'number'): boolean {
  return (
    typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === type)
  );
}
