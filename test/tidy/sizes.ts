// The sizes we hold files and functions to, and the exceptions that have a reason.

/** Lines a file should have at most, tests aside; above it the file must be listed in `largeFiles`. */
export const fileLinesAim = 300;
/** Lines no file may have more than. */
export const fileLinesMax = 500;
/** Lines no function may have more than without a reason in `longFunctions`. */
export const functionLinesMax = 70;

/**
 * Files above the aim, with the lines they may have. A ratchet: an entry may only shrink, and one whose file is back
 * under the aim must go.
 */
export const largeFiles: Readonly<Record<string, number>> = {
  // Tables, one row a thing: cut in two they would be read in two places.
  'src/definition/environment.ts': 337,
  'src/errors.ts': 362,
  // The types that everything agrees on, and nothing else.
  'src/tool.ts': 309,
};

/** Functions above the limit, as `file:name`, each with the reason why it is one piece. */
export const longFunctions: Readonly<Record<string, string>> = {};

/** Lists with a line an entry, which nobody reads from top to bottom. */
export const growingLists: ReadonlySet<string> = new Set(['test/requirements.ts']);
