// From text to the terms that lexical search compares: words and the parts of identifiers, without their endings.

/**
 * The terms of a text in order: runs of letters and digits, cut where `camelCase`, `snake_case` and numbers change,
 * in lower case and without a plural. Words that only join others are left out.
 */
export function termsOf(text: string): readonly string[] {
  const terms: string[] = [];
  for (const [word] of text.normalize('NFKC').matchAll(/[\p{L}\p{N}]+/gu)) {
    const parts = word.match(PARTS) ?? [];
    for (const part of parts) {
      const lower = part.toLowerCase();
      if (!JOINING.has(lower)) terms.push(singular(lower));
    }
  }
  return terms;
}

/** `HTTPServer` is `HTTP` and `Server`, `parseURLs2` is `parse`, `URLs` and `2`. */
const PARTS = /\p{Lu}+s(?![\p{Ll}])|\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}\p{Lm}\p{M}]+|\p{Lu}|\p{N}+/gu;

/** They stand in every description and tell none from another. */
const JOINING: ReadonlySet<string> = new Set(
  'a an and are as at be by can do for from has have i if in into is it its me my of on or our that the their them then there these this those to us was we what when where which who will with you your'.split(
    ' ',
  ),
);

/** The S stemmer (Harman 1991): a plural meets its singular, and no two words of other meaning become one. */
function singular(word: string): string {
  if (word.length < 4 || !word.endsWith('s')) return word;
  if (word.endsWith('ies')) return /[ae]ies$/.test(word) ? word : `${word.slice(0, -3)}y`;
  if (/(ss|us|is)$/.test(word)) return word;
  if (/(sh|ch|x|ss|z)es$/.test(word)) return word.slice(0, -2);
  return word.slice(0, -1);
}
