// Patterns over cache keys: `*` any text, `?` any one character, everything else itself.

/** Whether the whole text fits the pattern. Linear in the text for each `*`, whatever the pattern is. */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let position = 0;
  /** Where to go on when the last `*` has to take one character more. */
  let star = -1;
  let taken = 0;
  while (position < text.length) {
    const expected = pattern[at];
    if (expected === '*') {
      star = at++;
      taken = position;
    } else if (expected === '?' || expected === text[position]) {
      at++;
      position++;
    } else if (star >= 0) {
      at = star + 1;
      position = ++taken;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
