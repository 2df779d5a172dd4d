// The forms in which a definition may write code (spec servers §3.2), as programs whose value is the function.

/** What stands before and after the author's text; it begins on the first line, so that lines stay as they are. */
interface CodeForm {
  readonly before: string;
  readonly after: string;
}

/** In the order in which they are tried; the first that is free of syntax errors decides. */
export const CODE_FORMS: readonly CodeForm[] = [
  // A function expression or an arrow.
  { before: '(', after: '\n)' },
  // Statements that end with one.
  { before: '', after: '' },
  // A body with `return`.
  { before: '(async function (args, context) {', after: '\n})' },
];

/** The program of a form. A semicolon after a function would make a statement of it. */
export function programOf(code: string, { before, after }: CodeForm): string {
  return before + code.replace(/[;\s]+$/, '') + after;
}

/** Where a mistake is; both from 1, in the author's text. */
export interface CodePlace {
  readonly line: number;
  readonly column: number;
}

/** The place in the text for a place in the program of a form; what stands behind the text is its end. */
export function placeInText(code: string, { line, column }: CodePlace, { before }: CodeForm): CodePlace {
  const lines = code.trimEnd().split('\n');
  const last = lines.at(-1) ?? '';
  if (line > lines.length) return { line: lines.length, column: last.length + 1 };
  return { line, column: line === 1 ? Math.max(1, column - before.length) : column };
}

/** Of mistakes that different forms show, the one furthest down: there the reading that was meant failed. */
export function furthest<Found extends CodePlace>(found: readonly Found[]): Found | undefined {
  return found.toSorted((a, b) => b.line - a.line || b.column - a.column)[0];
}
