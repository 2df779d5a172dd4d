// How a test is named from outside its file: `file > test name`.

/** A cited test, taken apart. */
export interface Citation {
  /** Path from the repository's root. */
  readonly file: string;
  /** The test's title, with the titles of its `describe` blocks before it where the citation has them. */
  readonly title: string;
}

/** Takes `file > test name` or `file > describe > test name` apart. Throws on anything else. */
export function parseCitation(text: string): Citation {
  const at = text.indexOf(' > ');
  if (at === -1) throw new Error(`'${text}' is not of the form 'file > test name'`);
  return { file: text.slice(0, at), title: text.slice(at + 3) };
}

/**
 * Whether `citation` means the test of `file` whose full name is `fullName` (`describe > test`).
 * A table's title is cited as it is written, placeholders (`%s`, `$name`) included.
 */
export function means(citation: Citation, file: string, fullName: string): boolean {
  if (citation.file !== file) return false;
  return patternOf(citation.title).test(fullName);
}

function patternOf(title: string): RegExp {
  const literals = title
    .split(/%[sdifjoOc#]|\$[\w.]+/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`(^| > )${literals.join('.*')}$`, 's');
}
