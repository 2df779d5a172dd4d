// The `:name` parameters of an SQL text. Only for finding slips of the pen: the engine's own reader decides later.

// Strings, quoted names, comments, dollar quotes and casts are passed over; what is left of a colon is a parameter.
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\/|\$([A-Za-z_]*)\$[\s\S]*?\$\1\$|::|:([A-Za-z_][A-Za-z0-9_]*)/g;

/** Each name once, in order of first use. */
export function sqlParameters(statement: string): string[] {
  const names = new Set<string>();
  for (const match of statement.matchAll(TOKEN)) if (match[2] !== undefined) names.add(match[2]);
  return [...names];
}
