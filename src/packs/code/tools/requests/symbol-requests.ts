// symbol_search, goto_definition and explain_code: requests about one symbol.
import { fileClass } from '../../ranking/file-class.ts';
import type { SettledRepository } from '../../repositories/repositories.ts';
import type { FoundReference, FoundSymbol } from '../../symbols/symbol-messages.ts';
import type { SearchRequest } from '../search-arguments.ts';
import { patternGlob } from '../search-arguments.ts';
import { type TextHits, withContext } from '../text-search.ts';
import { implementationOf } from './implementation.ts';

/** Alternatives, callers and callees that are named. */
const NAMED_MAX = 20;
/** Uses looked at for callers and tests. */
const USES_MAX = 200;

interface Place {
  readonly repository: SettledRepository;
  readonly symbol: FoundSymbol;
}

/** Definitions whose name is, or is like, the query, as hits. */
export async function searchSymbols(
  repositories: readonly SettledRepository[],
  request: SearchRequest,
  { offset }: { readonly offset: number; readonly signal: AbortSignal },
): Promise<TextHits> {
  const places = await definitionsOf(repositories, request, { exact: false });
  const page = places.slice(offset, offset + request.limit);
  const hits = await Promise.all(
    page.map(async ({ repository, symbol }) => {
      const { path, line, column, name, score } = symbol;
      const [[text = ''] = []] = await repository.index.text.excerpts([{ path, from: line, to: line }]);
      const match = { path, line, lineEnd: line, column, length: name.length, text, textColumn: 1 };
      const found = await withContext(repository, [match], request.contextLines);
      return found.map((hit) => ({ ...hit, score, matchType: 'symbol' }));
    }),
  );
  const files = new Set(places.map(({ repository, symbol }) => `${repository.id} ${symbol.path}`)).size;
  const generations = Object.fromEntries(
    repositories.map(({ id, status }) => [id, status.record?.generation ?? 0]),
  );
  return { hits: hits.flat(), lines: places.length, files, unit: 'line', isComplete: true, generations };
}

/** The definition that is meant, with its code, and others of the name. Undefined: there is none. */
export async function goToDefinition(repositories: readonly SettledRepository[], request: SearchRequest) {
  const [best, ...others] = await definitionsOf(repositories, request, { exact: true });
  if (best === undefined) return undefined;
  const { repository, file_path, line_start, line_end, signature, code } = await implementationOf(
    best.repository,
    best.symbol,
  );
  return {
    definition: { repository, file_path, line_start, line_end, signature, code },
    alternatives: others.slice(0, NAMED_MAX).map(({ repository: { name }, symbol }) => ({
      repository: name,
      file_path: symbol.path,
      line_start: symbol.lineStart,
      line_end: symbol.lineEnd,
      signature: symbol.signature,
    })),
  };
}

/** A definition with what it says of itself, who calls it and what it calls. Undefined: there is none. */
export async function explainCode(repositories: readonly SettledRepository[], request: SearchRequest) {
  const [best] = await definitionsOf(repositories, request, { exact: true });
  if (best === undefined) return undefined;
  const { repository, symbol } = best;
  const {
    dependencies,
    error_patterns: _patterns,
    ...definition
  } = await implementationOf(repository, symbol);
  const { references } = await repository.symbols.references({
    name: symbol.name,
    path: symbol.path,
    line: symbol.line,
    includeDefinitions: false,
    limit: USES_MAX,
  });
  const callers = references.filter(({ type }) => type === 'call');
  return {
    symbol: symbol.name,
    definition,
    documentation: symbol.doc,
    callers: await withEnclosing(repository, callers.slice(0, NAMED_MAX)),
    callees: await calleesOf(best, definition.code),
    imports: dependencies,
    tests: references
      .filter(({ path }) => fileClass(path) === 'test')
      .slice(0, NAMED_MAX)
      .map(toPlace),
  };
}

async function definitionsOf(
  repositories: readonly SettledRepository[],
  request: SearchRequest,
  { exact }: { readonly exact: boolean },
): Promise<readonly Place[]> {
  const isWanted = ({ path, language }: FoundSymbol) =>
    (request.languages.length === 0 || request.languages.includes(language)) && patternGlob(request, path);
  const found: Place[] = [];
  for (const repository of repositories) {
    const { symbols } = await repository.symbols.lookup({ name: request.query, exact, limit: USES_MAX });
    found.push(...symbols.filter(isWanted).map((symbol) => ({ repository, symbol })));
  }
  return found.toSorted((a, b) => b.symbol.score - a.symbol.score);
}

async function withEnclosing(repository: SettledRepository, places: readonly FoundReference[]) {
  const around = await repository.symbols.enclosing(places);
  return places.map((place, at) => ({ ...toPlace(place), symbol: around[at]?.name ?? null }));
}

/** What is called within, as far as it is defined in the same repository. */
async function calleesOf({ repository, symbol }: Place, code: string) {
  const names = [...code.matchAll(/([\p{L}_$][\p{L}\p{N}_$]*)\s*\(/gu)].map(([, name = '']) => name);
  const callees = [];
  for (const name of new Set(names)) {
    if (name === symbol.name || callees.length >= NAMED_MAX) continue;
    const [found] = (await repository.symbols.lookup({ name, exact: true, limit: 1 })).symbols;
    if (found !== undefined) callees.push({ symbol: name, file_path: found.path, line_number: found.line });
  }
  return callees;
}

function toPlace({ path, line, content }: FoundReference) {
  return { file_path: path, line_number: line, content };
}
