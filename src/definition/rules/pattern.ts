// Regular expressions of schemas: only what a linear-time engine can run is admitted.

/** What is wrong with a pattern, or undefined. Schemas use the Unicode mode (JSON Schema 2020-12 §6.4). */
export function patternProblem(pattern: string): string | undefined {
  try {
    new RegExp(pattern, 'u');
  } catch (error) {
    const reason =
      error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : 'invalid';
    return `The pattern is invalid: ${reason}.`;
  }
  let inClass = false;
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at];
    if (character === '\\') {
      const next = pattern[at + 1] ?? '';
      if (!inClass && (/[1-9]/.test(next) || next === 'k')) return 'The pattern has a back-reference.';
      at += 1;
    } else if (inClass) {
      inClass = character !== ']';
    } else if (character === '[') {
      inClass = true;
    } else if (character === '(' && /^\(\?<?[=!]/.test(pattern.slice(at, at + 4))) {
      return 'The pattern has a look-around.';
    }
  }
  return undefined;
}
