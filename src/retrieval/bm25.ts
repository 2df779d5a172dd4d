// BM25 over weighted fields (Robertson, Zaragoza: The Probabilistic Relevance Framework, 2009, §3.6): the counts of all
// fields are added with their weights first and saturate together.

/** How soon a repeated term stops to count. */
const K1 = 1.2;
/** How much longer documents are held against. */
const B = 0.75;

/** One document as far as a query is about it. */
export interface ScoredDocument {
  /** Weighted count of each term, in the order of the query's. */
  readonly counts: readonly number[];
  readonly length: number;
}

/** Of the whole collection. */
export interface Collection {
  readonly documents: number;
  readonly lengthMean: number;
  /** Documents that hold each term. */
  readonly frequencies: readonly number[];
}

/** The score of one document; 0 when it holds none of the terms. */
export function bm25({ counts, length }: ScoredDocument, collection: Collection): number {
  const norm = K1 * (1 - B + (B * length) / Math.max(1, collection.lengthMean));
  let score = 0;
  for (const [at, count] of counts.entries()) {
    if (count === 0) continue;
    const frequency = collection.frequencies[at] ?? 0;
    const rarity = Math.log(1 + (collection.documents - frequency + 0.5) / (frequency + 0.5));
    score += (Math.max(0, rarity) * count * (K1 + 1)) / (count + norm);
  }
  return score;
}
