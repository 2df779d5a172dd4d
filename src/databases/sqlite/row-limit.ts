// How many rows a statement says it answers at most, read from its last clause.

/**
 * The statement's text ends with `LIMIT 20` or `LIMIT :limit`, so this is the limit of the whole: nothing can
 * follow it, comments are gone from the text, and what a subquery ends with is a parenthesis.
 */
const LAST_CLAUSE = /\blimit\s+(?:(\d{1,9})|ifnull\(\?,NULL\))$/i;

/** Gives the limit of one run from its bound values; undefined where the statement sets none that can be relied upon. */
export function rowLimitOf(
  text: string,
  bindings: readonly string[],
): (values: readonly unknown[]) => number | undefined {
  const found = LAST_CLAUSE.exec(text);
  if (found === null) return () => undefined;
  if (found[1] !== undefined) {
    const literal = Number(found[1]);
    return () => literal;
  }
  const position = bindings.length - 1;
  return (values) => {
    const value = values[position];
    // A negative limit means none at all.
    return typeof value === 'bigint' && value >= 0n ? Number(value) : undefined;
  };
}
