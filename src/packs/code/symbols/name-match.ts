// How alike a name is to the one that was asked for.

/** Below this a name is not offered. */
const SCORE_MIN = 0.3;

/**
 * 1 for the same name, .95 in another case, .8 for a beginning, .7 within, less for a few changed letters; 0 when it
 * is not alike (spec code §3).
 */
export function nameScore(asked: string, name: string): number {
  if (asked === name) return 1;
  const [wanted, given] = [asked.toLowerCase(), name.toLowerCase()];
  if (wanted === given) return 0.95;
  if (given.startsWith(wanted)) return 0.8;
  if (wanted.length >= 3 && given.includes(wanted)) return 0.7;
  const most = wanted.length < 5 ? 1 : 2;
  const distance = editDistance(wanted, given, most);
  if (distance > most) return 0;
  return Math.max(SCORE_MIN, 0.65 - 0.1 * distance);
}

/** Letters to change, add, leave out or swap with their neighbour; more than `most` counts as `most + 1`. */
export function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
      least = Math.min(least, cost);
    }
    if (least > most) return most + 1;
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
