// edit_preparation: the definition to change or to write, how others did the same, also in other languages, what uses
// it, and what to look out for.
import { fileClass } from '../../ranking/file-class.ts';
import { conceptsOf } from '../../ranking/synonyms.ts';
import type { SettledRepository } from '../../repositories/repositories.ts';
import { shapeOf } from '../../symbols/shape.ts';
import type { DiscoveredSymbol, FoundReference, FoundSymbol } from '../../symbols/symbol-messages.ts';
import { translationHints } from '../../translation/hints.ts';
import { type Implementation, implementationOf, sourceOf } from './implementation.ts';

/** Candidates looked at in each repository. */
const CANDIDATES = 20;
/** Languages, and repositories, that are shown beside the own one. */
const REFERENCES_SHOWN = 5;
/** Below this a definition shares too little with the question to be an example of it. */
const SIMILARITY_MIN = 0.45;
/** A definition that is used in more files than this is changed with care. */
const WIDE_FILES = 5;

/** What is to be prepared. */
export interface EditWish {
  /** A name, or words of what is to be done. */
  readonly query: string;
  /** True: `query` is the exact name of a definition. */
  readonly isName: boolean;
  /** Languages of the examples; empty: whatever there is. */
  readonly languages: readonly string[];
}

interface Candidate {
  readonly repository: SettledRepository;
  readonly symbol: DiscoveredSymbol;
}

/** Everything that is known before an edit. */
export async function prepareEdit(repositories: readonly SettledRepository[], wish: EditWish) {
  const primary = await primaryOf(repositories, wish);
  const shape = primary === undefined ? undefined : shapeOf(primary.symbol.signature);
  const concepts = conceptsOf(wish.query);
  const found: Candidate[] = [];
  for (const repository of repositories) {
    const hits = await repository.symbols.discover({
      concepts,
      limit: CANDIDATES,
      ...(shape === undefined ? {} : { shape }),
    });
    found.push(...hits.map((symbol) => ({ repository, symbol })));
  }
  const own = primary === undefined ? undefined : await implementationOf(primary.repository, primary.symbol);
  const examples = await examplesOf(found, { own, languages: wish.languages });
  const uses = primary === undefined ? undefined : await usesOf(primary);
  const target = own?.language ?? mainLanguage(repositories, found);
  return {
    primary_implementation: own ?? null,
    reference_implementations: examples,
    translation_hints:
      target === undefined ? [] : examples.flatMap((one) => translationHints(sourceOf(one), target)),
    references: uses?.references.filter(({ path }) => fileClass(path) !== 'test').map(toUse) ?? [],
    tests: uses?.references.filter(({ path }) => fileClass(path) === 'test').map(toUse) ?? [],
    risks: own === undefined || uses === undefined ? [] : risksOf(own, uses),
  };
}

/** The definition of that name, or the one of the own code that fits the words best. */
async function primaryOf(
  repositories: readonly SettledRepository[],
  { query, isName }: EditWish,
): Promise<{ readonly repository: SettledRepository; readonly symbol: FoundSymbol } | undefined> {
  const local = repositories.filter(({ type }) => type === 'local');
  for (const repository of isName ? local : []) {
    const [symbol] = (await repository.symbols.lookup({ name: query, exact: true, limit: 1 })).symbols;
    if (symbol !== undefined) return { repository, symbol };
  }
  let best: Candidate | undefined;
  for (const repository of local) {
    const [symbol] = await repository.symbols.discover({ concepts: conceptsOf(query), limit: 1 });
    if (symbol !== undefined && symbol.similarity > (best?.symbol.similarity ?? SIMILARITY_MIN))
      best = { repository, symbol };
  }
  return best;
}

/** The best of each wanted language, else of each other language and repository; the same code once. */
async function examplesOf(
  found: readonly Candidate[],
  { own, languages }: { readonly own: Implementation | undefined; readonly languages: readonly string[] },
): Promise<readonly Implementation[]> {
  const groups = new Map<string, Candidate>();
  const ordered = found
    .filter(({ symbol }) => symbol.similarity >= SIMILARITY_MIN)
    .toSorted((a, b) => b.symbol.similarity - a.symbol.similarity);
  for (const candidate of ordered) {
    const { repository, symbol } = candidate;
    const isOwn = own?.file_path === symbol.path && own.repository === repository.name;
    if (isOwn && own.line_start === symbol.lineStart) continue;
    const isWanted =
      languages.length === 0
        ? repository.type !== 'local' || symbol.language !== own?.language
        : languages.includes(symbol.language);
    const key = `${symbol.language} ${languages.length === 0 ? repository.id : ''}`;
    if (isWanted && !groups.has(key)) groups.set(key, candidate);
  }
  const shown = [...groups.values()].slice(0, REFERENCES_SHOWN);
  const read = await Promise.all(shown.map(({ repository, symbol }) => implementationOf(repository, symbol)));
  return [...Map.groupBy(read, ({ code }) => code).values()].flatMap(([first, ...same]) => {
    if (first === undefined) return [];
    const also = same.map(({ repository, file_path }) => `${repository}: ${file_path}`);
    return [also.length === 0 ? first : { ...first, also_in: also }];
  });
}

interface Uses {
  readonly references: readonly FoundReference[];
  readonly total: number;
  readonly files: number;
}

async function usesOf({
  repository,
  symbol,
}: {
  readonly repository: SettledRepository;
  readonly symbol: FoundSymbol;
}): Promise<Uses> {
  const { references, total } = await repository.symbols.references({
    name: symbol.name,
    path: symbol.path,
    line: symbol.line,
    includeDefinitions: false,
    limit: 200,
  });
  return { references, total, files: new Set(references.map(({ path }) => path)).size };
}

function toUse({ path, line, type, content }: FoundReference) {
  return { file_path: path, line_number: line, type, content };
}

function risksOf(
  { symbol, error_patterns }: Implementation,
  { references, total, files }: Uses,
): readonly string[] {
  const tests = references.filter(({ path }) => fileClass(path) === 'test');
  return [
    ...(files > WIDE_FILES
      ? [`${symbol} is used ${total} times in ${files} files; keep its signature or change all.`]
      : []),
    ...(tests.length === 0 ? [`No test names ${symbol}; write one before the change.`] : []),
    ...(error_patterns.length > 0
      ? [`Callers may rely on how it fails: ${error_patterns.slice(0, 3).join('; ')}.`]
      : []),
  ];
}

/** The language of most candidates in the own code. */
function mainLanguage(
  repositories: readonly SettledRepository[],
  found: readonly Candidate[],
): string | undefined {
  const local = new Set(repositories.filter(({ type }) => type === 'local').map(({ id }) => id));
  const counts = Map.groupBy(
    found.filter(({ repository }) => local.has(repository.id)),
    ({ symbol }) => symbol.language,
  );
  return [...counts].toSorted((a, b) => b[1].length - a[1].length)[0]?.[0];
}
