// Definitions that do what a question is about, whatever they are called and in whatever language: by the words within
// names and their synonyms, what encloses them, what is said of them, and where they lie.
import { stem, subTokens } from '../../../retrieval/sub-tokens.ts';
import { classWeight } from '../ranking/file-class.ts';
import type { Concept } from '../ranking/synonyms.ts';
import type { SymbolKind } from './facts.ts';
import { arityOf, isAsyncSignature, type Shape } from './shape.ts';
import type { Definition, SymbolTable } from './symbol-table.ts';

/** Which definitions are wanted. */
export interface DiscoveryQuery {
  readonly concepts: readonly Concept[];
  /** Signature that what is wanted is likely to have. */
  readonly shape?: Shape;
  readonly limit: number;
}

/** A definition, and how well it fits: 0 to 1. */
export interface Discovered extends Definition {
  readonly similarity: number;
}

/** Names looked at more closely; the best of the rest could not come to the top. */
const NAMES_MAX = 400;
/** A word of the question in the name itself, as a synonym, in what encloses it, in its text, in its path. */
const IN_NAME = 1;
const AS_SYNONYM = 0.85;
const IN_SCOPE = 0.7;
const IN_DOC = 0.5;
const IN_PATH = 0.4;
/** What the cover of the question counts, against how much of the name it explains. */
const COVER_SHARE = 0.8;
const SHAPE_BONUS = 0.03;
const LOCAL_WEIGHT = 0.6;

const KINDS: ReadonlySet<SymbolKind> = new Set([
  'function',
  'method',
  'class',
  'struct',
  'interface',
  'type',
]);

/** Best first; ties by path and line. */
export function discover(
  table: SymbolTable,
  { concepts, shape, limit }: DiscoveryQuery,
): readonly Discovered[] {
  if (concepts.length === 0) return [];
  const names: { readonly name: string; readonly score: number }[] = [];
  for (const name of table.names()) {
    const score = coverOf(concepts, [[wordsOf(name), IN_NAME]]);
    if (score > 0) names.push({ name, score });
  }
  names.sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1));
  const found = names.slice(0, NAMES_MAX).flatMap(({ name }) =>
    table
      .definitionsOf(name)
      .filter(({ kind }) => KINDS.has(kind))
      .map((definition) => ({ ...definition, similarity: similarity(definition, concepts, shape) })),
  );
  found.sort((a, b) => b.similarity - a.similarity || (a.path < b.path ? -1 : 1) || a.line - b.line);
  return found.slice(0, limit);
}

function similarity(definition: Definition, concepts: readonly Concept[], shape: Shape | undefined): number {
  const { name, scope, doc, path, signature, isLocal } = definition;
  const own = wordsOf(name);
  const cover = coverOf(concepts, [
    [own, IN_NAME],
    [wordsOf(scope.join(' ')), IN_SCOPE],
    [wordsOf(doc), IN_DOC],
    [wordsOf(path), IN_PATH],
  ]);
  const meant = new Set(concepts.flatMap(({ word, synonyms }) => [word, ...synonyms]));
  const explained = [...own].filter((word) => meant.has(word)).length / Math.max(1, own.size);
  const isAlike =
    shape !== undefined &&
    arityOf(signature) === shape.arity &&
    isAsyncSignature(signature) === shape.isAsync;
  const fit = COVER_SHARE * cover + (1 - COVER_SHARE) * explained + (isAlike ? SHAPE_BONUS : 0);
  const weighed = Math.min(1, fit) * Math.sqrt(classWeight(path)) * (isLocal ? LOCAL_WEIGHT : 1);
  return Math.round(weighed * 1000) / 1000;
}

/** How much of the question is found in what is said in several places, each with its weight. */
function coverOf(
  concepts: readonly Concept[],
  places: readonly (readonly [words: ReadonlySet<string>, weight: number])[],
): number {
  let sum = 0;
  for (const { word, synonyms } of concepts) {
    let best = 0;
    for (const [words, weight] of places) {
      if (words.has(word)) best = Math.max(best, weight);
      else if (synonyms.some((other) => words.has(other))) best = Math.max(best, weight * AS_SYNONYM);
    }
    sum += best;
  }
  return sum / concepts.length;
}

function wordsOf(text: string): ReadonlySet<string> {
  const joined = text.replace(/(sign|log)_?(in|out)(?![a-z])/gi, '$1$2');
  const words = subTokens(text).map(stem);
  return joined === text ? new Set(words) : new Set([...words, ...subTokens(joined.toLowerCase()).map(stem)]);
}
