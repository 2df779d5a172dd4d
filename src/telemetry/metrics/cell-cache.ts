// Finds a cell by the two values an event comes with, in two look-ups and without building labels.

/** Values come from the code and the definition; the bound only guards against a caller that passes others. */
const ENTRIES_MAX = 500;

/** `bind` is asked once per pair, or each time once the cache is full. */
export function createCellCache<First, Second, Cell>(
  bind: (first: First, second: Second) => Cell,
): (first: First, second: Second) => Cell {
  const cells = new Map<First, Map<Second, Cell>>();
  let entries = 0;
  return (first, second) => {
    const known = cells.get(first)?.get(second);
    if (known !== undefined) return known;
    const cell = bind(first, second);
    if (entries >= ENTRIES_MAX) return cell;
    entries++;
    const seconds = cells.get(first) ?? new Map<Second, Cell>();
    seconds.set(second, cell);
    cells.set(first, seconds);
    return cell;
  };
}
