// Values for the variables of `code://` addresses, from what the caller's repositories hold.
import { completeFrom } from '../../../handlers/content/completion.ts';
import type { FileRecord } from '../index/store/file-record.ts';
import { TextIndexError } from '../index/text-index-error.ts';
import { LANGUAGES } from '../languages.ts';
import type { Repositories } from '../repositories/repositories.ts';
import { SYMBOL_KINDS } from '../symbols/facts.ts';

/** Most values in one answer (MCP, completion/complete). */
const VALUES_MAX = 100;

/** Paths of searchable files. */
export async function completePaths({ all }: Repositories, typed: string): Promise<readonly string[]> {
  const found = await Promise.all(
    all.map(({ index }) => index.text.files({ typed, limit: VALUES_MAX }).catch(noneWhereUnbuilt)),
  );
  return [...new Set(found.flat().map(({ path }) => path))].slice(0, VALUES_MAX);
}

/** Names of symbols, best first; nothing before something was typed. */
export async function completeSymbols({ all }: Repositories, typed: string): Promise<readonly string[]> {
  if (typed === '') return [];
  const found = await Promise.all(
    all.map(({ symbols }) => symbols.lookup({ name: typed, exact: false, limit: VALUES_MAX })),
  );
  const ranked = found.flatMap(({ symbols }) => symbols).sort((a, b) => b.score - a.score);
  return [...new Set(ranked.map(({ name }) => name))].slice(0, VALUES_MAX);
}

/** Of the variables that stand for a name out of a few; none for any other. */
export function completeNames({ all }: Repositories, variable: string, typed: string): readonly string[] {
  if (variable === 'repository')
    return completeFrom(
      all.map(({ name }) => name),
      typed,
    );
  if (variable === 'language')
    return completeFrom(
      LANGUAGES.map(({ id }) => id),
      typed,
    );
  return variable === 'kind' ? completeFrom(SYMBOL_KINDS, typed) : [];
}

/** What was not indexed yet has nothing to offer. */
function noneWhereUnbuilt(error: unknown): readonly FileRecord[] {
  if (error instanceof TextIndexError && error.code === 'index_missing') return [];
  throw error;
}
