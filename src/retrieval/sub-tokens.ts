// Words within identifiers and prose, brought to one form, so that a question finds code that is named after it.

/** Words that say nothing about what is meant. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  'a an and are as at be by can do does for from how in is it its of on or that the this to what when where which who why with'.split(
    ' ',
  ),
);
/** Shorter pieces are in everything. */
const LENGTH_MIN = 2;

/** The words of a text in lower case: `parseHTTPHeader_v2` is parse, http, header, v2. */
export function subTokens(text: string): readonly string[] {
  return text
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .split(/[^\p{L}\p{N}]+/u)
    .map((word) => word.toLowerCase())
    .filter((word) => word.length >= LENGTH_MIN);
}

/** The words of a question that are worth looking for, each once, without endings that change with grammar. */
export function queryTerms(question: string): readonly string[] {
  const words = subTokens(question).filter((word) => !STOP_WORDS.has(word));
  return [...new Set(words.map(stem))];
}

/** The words of a question that are names in code as a whole, such as `parseHeader` or `max_size`, in lower case. */
export function queryNames(question: string): readonly string[] {
  const words = question.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu) ?? [];
  const names = words.filter((word) => subTokens(word).length > 1);
  return [...new Set(names.map((name) => name.toLowerCase()))];
}

/** A word without its plural or verb ending, where enough of it remains to be told from others. */
export function stem(word: string): string {
  for (const [ending, put] of [
    ['ies', 'y'],
    ['ing', ''],
    ['ed', ''],
    ['es', ''],
    ['s', ''],
  ] as const) {
    if (word.endsWith(ending) && word.length - ending.length >= 4 && !word.endsWith('ss'))
      return word.slice(0, -ending.length) + put;
  }
  return word;
}
