// Ranking of short documents with fields in memory: BM25F (Robertson, Zaragoza 2009). For thousands of documents that
// are known at once; everything that depends on the documents alone is worked out when the index is made.
import { termsOf } from './terms.ts';

/** How much a field counts, and how much its length takes away from that. */
export interface FieldWeight {
  readonly weight: number;
  /** 0: a long field counts as a short one. 1: in full proportion. */
  readonly lengthShare: number;
}

/** Texts by the name of their field; a document need not have all. */
export type FieldTexts = Readonly<Record<string, string>>;

export interface FieldIndex {
  /**
   * Numbers of the documents that hold any term of the query and that `admits` lets pass, the best first, at most
   * `limit`. Equal scores keep the order of the documents.
   */
  search(query: string, limit: number, admits?: (document: number) => boolean): readonly number[];
}

/** Where the gain of a further occurrence fades; the usual value. */
const SATURATION = 1.2;

/** Terms of one query; more are a document pasted by mistake. */
const QUERY_TERMS_MAX = 64;

/** Indexes documents, which keep their numbers from 0. Fields without a weight are not indexed. */
export function createFieldIndex(
  documents: readonly FieldTexts[],
  weights: Readonly<Record<string, FieldWeight>>,
): FieldIndex {
  const postings = score(documents, weights);
  return {
    search(query, limit, admits = () => true) {
      const scores = new Map<number, number>();
      const terms = new Set(termsOf(query).slice(0, QUERY_TERMS_MAX));
      for (const term of terms) {
        for (const [document, gain] of postings.get(term) ?? []) {
          scores.set(document, (scores.get(document) ?? 0) + gain);
        }
      }
      return [...scores]
        .filter(([document]) => admits(document))
        .sort(([a, scoreA], [b, scoreB]) => scoreB - scoreA || a - b)
        .slice(0, limit)
        .map(([document]) => document);
    },
  };
}

type Postings = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** What each term gains each document: its rarity times its saturated, weighted frequency. */
function score(documents: readonly FieldTexts[], weights: Readonly<Record<string, FieldWeight>>): Postings {
  const frequencies = new Map<string, Map<number, number>>();
  for (const [field, { weight, lengthShare }] of Object.entries(weights)) {
    const fields = documents.map((document) => termsOf(document[field] ?? ''));
    const meanLength = fields.reduce((sum, { length }) => sum + length, 0) / Math.max(1, documents.length);
    for (const [document, terms] of fields.entries()) {
      const norm = 1 - lengthShare + lengthShare * (terms.length / Math.max(1, meanLength));
      for (const term of terms) {
        const found = frequencies.get(term) ?? new Map<number, number>();
        found.set(document, (found.get(document) ?? 0) + weight / norm);
        frequencies.set(term, found);
      }
    }
  }
  const gains = new Map<string, ReadonlyMap<number, number>>();
  for (const [term, found] of frequencies) {
    const rarity = Math.log(1 + (documents.length - found.size + 0.5) / (found.size + 0.5));
    gains.set(
      term,
      new Map(
        [...found].map(([document, frequency]) => [
          document,
          (rarity * frequency) / (SATURATION + frequency),
        ]),
      ),
    );
  }
  return gains;
}
