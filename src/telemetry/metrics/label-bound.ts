// Keeps the number of time series bounded, whatever values arrive (spec operations §2, N4).

/** Beyond this many distinct values of one label, further ones count as `other`. */
export const LABEL_VALUES_MAX = 200;
/** Series of one metric: the product of its labels stays bounded too. */
export const SERIES_MAX = 2000;
/** Longer than any registered name; a longer value is cut. */
const VALUE_LENGTH_MAX = 128;

/** What a value counts as that would make a label unbounded. */
export const OTHER = 'other';

/** The cells of one metric by label values. `create` is called once per series. */
export interface CellTable<Cell> {
  /** `values` in the order of the metric's labels. */
  get(values: readonly string[]): Cell;
  entries(): Iterable<readonly [readonly string[], Cell]>;
  readonly size: number;
}

/** `clean` takes secrets out of a value before it becomes a label. */
export function createCellTable<Cell>(options: {
  readonly labelCount: number;
  readonly clean: (value: string) => string;
  readonly create: () => Cell;
}): CellTable<Cell> {
  const { labelCount, clean, create } = options;
  const seen = Array.from({ length: labelCount }, () => new Set<string>());
  const cells = new Map<string, readonly [readonly string[], Cell]>();

  const bound = (value: string, index: number): string => {
    const values = seen[index];
    const label = clean(value).slice(0, VALUE_LENGTH_MAX);
    if (values === undefined || values.has(label)) return label;
    if (values.size >= LABEL_VALUES_MAX) return OTHER;
    values.add(label);
    return label;
  };
  const find = (values: readonly string[]): Cell => {
    const key = JSON.stringify(values);
    const known = cells.get(key);
    if (known !== undefined) return known[1];
    const cell = create();
    cells.set(key, [values, cell]);
    return cell;
  };
  return {
    get(values) {
      const bounded = values.map(bound);
      const full = cells.size >= SERIES_MAX && !cells.has(JSON.stringify(bounded));
      return find(full ? bounded.map(() => OTHER) : bounded);
    },
    entries: () => cells.values(),
    get size() {
      return cells.size;
    },
  };
}
