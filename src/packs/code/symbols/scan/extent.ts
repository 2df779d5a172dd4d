// The last line of a definition that was found by a pattern.
import type { LineTable } from './line-table.ts';
import type { ScanLanguage } from './scan-language.ts';

/** What the end of one definition is found by. */
interface ExtentInput {
  readonly text: string;
  /** Without comments and strings. */
  readonly blank: string;
  readonly lines: LineTable;
  readonly match: { readonly index: number; readonly end: number };
  readonly matches: readonly { readonly index: number }[];
  readonly language: ScanLanguage;
  /** Of the name. */
  readonly line: number;
}

/** At least the line of the name. */
export function extentEnd(input: ExtentInput): number {
  switch (input.language.extent) {
    case 'braces':
      return braceEnd(input);
    case 'indent':
      return indentEnd(input);
    case 'end':
      return wordEnd(input);
    case 'heading':
      return headingEnd(input);
    case 'line':
      return input.line;
  }
}

/** Where a signature goes on after the end of its line. */
const GOES_ON = /^\s*(?:\{|:|=|->|\.|where\b|extends\b|implements\b|with\b|throws\b|async\b)/;

/** The brace that closes the first one that opens; without one, the end of the statement. */
function braceEnd({ blank, lines, match, line }: ExtentInput): number {
  let depth = 0;
  let braces = 0;
  for (let at = match.index; at < blank.length; at++) {
    const one = blank[at];
    if (one === '(' || one === '[') depth++;
    else if (one === ')' || one === ']') depth--;
    else if (one === '{') braces++;
    else if (one === '}') {
      braces--;
      if (braces <= 0) return lines.lineOf(braces < 0 ? Math.max(match.index, at - 1) : at);
    } else if (braces === 0 && depth <= 0 && one === ';') return lines.lineOf(at);
    else if (braces === 0 && depth <= 0 && one === '\n') {
      const here = lines.lineOf(at);
      const next = blank.slice(lines.start(here + 1), lines.end(here + 1));
      if (!GOES_ON.test(next)) return here;
    }
  }
  return Math.max(line, lines.lineOf(blank.length));
}

/** Up to the next line that is indented no more than the definition. */
function indentEnd({ lines, line, text }: ExtentInput): number {
  const own = indentOf(text.slice(lines.start(line), lines.end(line)));
  let last = line;
  for (let at = line + 1; at <= lines.count; at++) {
    const content = lines.text(at);
    if (content.trim() === '') continue;
    if (indentOf(content) <= own && !/^\s*[)\]}]/.test(content)) break;
    last = at;
  }
  return last;
}

/** The `end` that is indented as the definition is, which is how everybody writes it; before the next definition there. */
function wordEnd({ blank, lines, line }: ExtentInput): number {
  const own = indentOf(lines.text(line));
  for (let at = line + 1; at <= lines.count; at++) {
    const content = blank.slice(lines.start(at), lines.end(at));
    if (content.trim() === '') continue;
    const indent = indentOf(content);
    if (indent === own && /^\s*end/i.test(content)) return at;
    if (indent <= own) return line;
  }
  return line;
}

/** Up to the next heading that is no deeper. */
function headingEnd({ lines, line, matches, match }: ExtentInput): number {
  const own = headingLevel(lines, line);
  const next = matches.find(({ index }) => {
    if (index <= match.index) return false;
    return headingLevel(lines, lines.lineOf(index)) <= own;
  });
  return next === undefined ? lines.count : Math.max(line, lines.lineOf(next.index) - 1);
}

const UNDERLINES = '#*=-^"~+';
const LATEX_LEVELS = ['part', 'chapter', 'section', 'subsection', 'subsubsection', 'paragraph'];

/** 1 is the highest. */
function headingLevel(lines: LineTable, line: number): number {
  const text = lines.text(line);
  const marks = /^ {0,3}(#{1,6})\s/.exec(text)?.[1];
  if (marks !== undefined) return marks.length;
  const tag = /<h([1-6])/i.exec(text)?.[1];
  if (tag !== undefined) return Number(tag);
  const latex = /\\([a-z]+)\*?\s*[[{]/.exec(text)?.[1];
  if (latex !== undefined && LATEX_LEVELS.includes(latex)) return LATEX_LEVELS.indexOf(latex) + 1;
  const under = lines.text(line + 1)[0] ?? '';
  return UNDERLINES.includes(under) && under !== '' ? UNDERLINES.indexOf(under) + 1 : 9;
}

/** Of spaces and tabs, which are as wide as four. */
function indentOf(text: string): number {
  let width = 0;
  for (let at = 0; ; at++) {
    const unit = text.charCodeAt(at);
    if (unit === SPACE) width++;
    else if (unit === TAB) width += TAB_WIDTH;
    else return width;
  }
}

const SPACE = 0x20;
const TAB = 0x09;
const TAB_WIDTH = 4;
