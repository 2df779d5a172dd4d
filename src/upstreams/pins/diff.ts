// The difference between two texts by lines, for people.

/** Longer texts are shown as removed and added whole: the comparison takes their product in time. */
const LINES_MAX = 2000;
/** Unchanged lines that are shown around a change. */
const CONTEXT = 3;

/** Lines with `- `, `+ ` or two blanks in front; unchanged stretches are left out and marked by `...`. */
export function diffLines(before: readonly string[], after: readonly string[]): readonly string[] {
  if (before.length > LINES_MAX || after.length > LINES_MAX)
    return [...before.map((line) => `- ${line}`), ...after.map((line) => `+ ${line}`)];
  return withContext(compare(before, after));
}

/** Along the longest common subsequence. */
function compare(before: readonly string[], after: readonly string[]): string[] {
  const width = after.length + 1;
  const lengths = new Uint16Array((before.length + 1) * width);
  for (let row = before.length - 1; row >= 0; row--) {
    for (let column = after.length - 1; column >= 0; column--) {
      lengths[row * width + column] =
        before[row] === after[column]
          ? (lengths[(row + 1) * width + column + 1] ?? 0) + 1
          : Math.max(lengths[(row + 1) * width + column] ?? 0, lengths[row * width + column + 1] ?? 0);
    }
  }
  const lines: string[] = [];
  let row = 0;
  let column = 0;
  while (row < before.length || column < after.length) {
    const isLost = (lengths[(row + 1) * width + column] ?? 0) >= (lengths[row * width + column + 1] ?? 0);
    if (row < before.length && column < after.length && before[row] === after[column]) {
      lines.push(`  ${before[row++]}`);
      column += 1;
    } else if (column === after.length || (row < before.length && isLost)) {
      lines.push(`- ${before[row++]}`);
    } else {
      lines.push(`+ ${after[column++]}`);
    }
  }
  return lines;
}

function withContext(lines: readonly string[]): string[] {
  const isNear = lines.map((_, index) =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some((line) => !line.startsWith('  ')),
  );
  return lines.flatMap((line, index) => {
    if (isNear[index]) return [line];
    return index === 0 || isNear[index - 1] ? ['...'] : [];
  });
}
