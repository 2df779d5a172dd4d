// Which of some known values a client is probably typing.

/** Most values in one answer (MCP, completion/complete). */
const VALUES_MAX = 100;

/** Values that begin with what was typed, then those that hold it elsewhere; case does not matter. */
export function completeFrom(values: readonly string[], typed: string): readonly string[] {
  const wanted = typed.toLowerCase();
  const beginning = values.filter((value) => value.toLowerCase().startsWith(wanted));
  const holding = values.filter((value) => value.toLowerCase().indexOf(wanted) > 0);
  return [...new Set([...beginning, ...holding])].slice(0, VALUES_MAX);
}
