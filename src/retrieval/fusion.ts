// One ranking of several (Cormack, Clarke, Büttcher: Reciprocal Rank Fusion, 2009): what counts is the place in each and
// not the score, so that scores of different kinds need not be comparable.

/** Weighs the first places against the following ones; the value of the paper. */
const K = 60;

/** One ranking, best first. */
export interface Ranking<Key> {
  readonly keys: readonly Key[];
  readonly weight: number;
}

/** Every key of any ranking with its fused score, best first; equal ones in the order in which they were first named. */
export function fuseRankings<Key>(rankings: readonly Ranking<Key>[]): readonly (readonly [Key, number])[] {
  const scores = new Map<Key, number>();
  for (const { keys, weight } of rankings)
    for (const [place, key] of keys.entries())
      scores.set(key, (scores.get(key) ?? 0) + weight / (K + place + 1));
  return [...scores].sort((a, b) => b[1] - a[1]);
}
