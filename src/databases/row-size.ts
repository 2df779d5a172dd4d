// How many bytes a row counts for against a result's byte cap: about what its JSON takes.

/** Quotes, colon and comma around one value. */
const CELL_OVERHEAD = 4;
/** Bytes counted for a number or null, besides its column's name. */
export const SCALAR_BYTES = 8;

/** What every row costs besides its values: its columns' names. */
export function rowOverhead(columns: readonly string[]): number {
  return columns.reduce((sum, name) => sum + Buffer.byteLength(name) + CELL_OVERHEAD, 0);
}
