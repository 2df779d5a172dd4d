// BM25 over weighted fields (Robertson, Zaragoza: The Probabilistic Relevance Framework, 2009, §3.6): the counts of all
// fields are added with their weights first and saturate together.

/** What kind of documents are ranked: the usual values suit prose. */
export interface Shape {
  /** How often a term must be repeated until it stops to count; usually 1.2. */
  readonly k1: number;
  /** How much the length of a document is held against it, from 0 to 1; usually 0.75. */
  readonly b: number;
}

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
  /** What each term of the query weighs against the others; default 1 each. */
  readonly weights?: readonly number[];
}

/** The score of one document; 0 when it holds none of the terms. */
export function bm25({ counts, length }: ScoredDocument, collection: Collection, { k1, b }: Shape): number {
  const norm = k1 * (1 - b + (b * length) / Math.max(1, collection.lengthMean));
  let score = 0;
  for (const [at, count] of counts.entries()) {
    if (count === 0) continue;
    const frequency = collection.frequencies[at] ?? 0;
    const rarity = Math.log(1 + (collection.documents - frequency + 0.5) / (frequency + 0.5));
    const weight = collection.weights?.[at] ?? 1;
    score += (weight * Math.max(0, rarity) * count * (k1 + 1)) / (count + norm);
  }
  return score;
}
