// The definitions of a file by the patterns of its language. Not a parser: what a pattern does not foresee is missed.
import { cleanDoc, withoutMark } from '../describe.ts';
import type { FileFacts, ImportFact, SymbolFact, SymbolKind } from '../facts.ts';
import { blankText } from './blank-text.ts';
import { extentEnd } from './extent.ts';
import { LineTable } from './line-table.ts';
import type { ScanLanguage } from './scan-language.ts';

/** Larger files are data; what is named in them would drown what people wrote. */
export const SCAN_BYTES_MAX: number = 512 << 10;
/** More definitions than this in one file are data. */
const SYMBOLS_MAX = 20_000;
/** A file that takes longer keeps what was found by then. */
const SCAN_MS_MAX = 2_000;
/** Lines of {@link withoutLongLines}, and their least length in UTF-16 units. */
const LONG_LINE = /^.{500,}$/gm;
const LONG_LINE_MIN = 500;
const SIGNATURE_MAX = 240;
const NAME_MAX = 200;
/** Comment lines read above a definition. */
const DOC_LINES_MAX = 40;
/** Words that look like the name of a function where they stand. */
const KEYWORDS: ReadonlySet<string> = new Set(
  'if for while switch catch return else do match when case guard repeat foreach until unless elsif elseif with try new throw await assert super this in not and or let function'.split(
    ' ',
  ),
);

interface Match {
  readonly name: string;
  readonly kind: SymbolKind;
  /** Of the name. */
  readonly index: number;
  /** Of the whole match. */
  readonly start: number;
  readonly end: number;
}

/** Definitions in the order of the file, and imports. */
export function scanText(text: string, language: ScanLanguage): FileFacts {
  const blank = blankText(text, language);
  const lines = new LineTable(text);
  const endMs = performance.now() + SCAN_MS_MAX;
  const matches = matchesOf({ text, blank, endMs }, language);
  const symbols: SymbolFact[] = [];
  const open: { readonly end: number; readonly place: number }[] = [];
  for (const match of matches) {
    const line = lines.lineOf(match.index);
    const lineStart = lines.lineOf(match.start);
    const isOver = performance.now() > endMs;
    const lineEnd = isOver ? line : extentEnd({ text, blank, lines, match, matches, language, line });
    while ((open.at(-1)?.end ?? Number.POSITIVE_INFINITY) < line) open.pop();
    const parent = open.at(-1)?.place ?? -1;
    const around = symbols[parent];
    const isLocal = around?.isLocal === true || around?.kind === 'function' || around?.kind === 'method';
    // What a function keeps for itself is nobody's definition.
    if (isLocal && (match.kind === 'variable' || match.kind === 'constant')) continue;
    const isHidden = language.hidden?.test(lines.text(line)) === true;
    symbols.push({
      name: match.name,
      kind: kindWithin(match.kind, around?.kind),
      line,
      column: match.index - lines.start(line) + 1,
      lineStart,
      lineEnd,
      signature: signatureOf(
        text.slice(match.start, Math.min(lines.end(line), match.start + 4 * SIGNATURE_MAX)),
      ),
      doc: docAbove(lines, lineStart, language),
      parent,
      visibility: isHidden ? 'private' : 'public',
      isExported: !isHidden,
      isLocal,
    });
    if (lineEnd > line) open.push({ end: lineEnd, place: symbols.length - 1 });
  }
  return { symbols, imports: importsOf(text, lines, language) };
}

/** By place; where several patterns find the same name, the first of the language's holds. */
function matchesOf(
  { text, blank, endMs }: { readonly text: string; readonly blank: string; readonly endMs: number },
  { rules, isHeadOnly }: ScanLanguage,
): readonly Match[] {
  const source = withoutLongLines(text);
  const code = blank === text ? source : withoutLongLines(blank);
  const head = isHeadOnly === true ? (/^[^\n]*/.exec(text)?.[0] ?? '') : undefined;
  const found = new Map<number, Match>();
  for (const { kind, pattern, raw, isLoose } of rules) {
    for (const match of (head ?? (raw ? source : code)).matchAll(pattern)) {
      const from = nameStart(match);
      const name = text
        .slice(from, from + (match.groups?.name ?? '').length)
        .trim()
        .slice(0, NAME_MAX);
      if (name === '' || found.has(from) || (isLoose === true && KEYWORDS.has(name))) continue;
      const lead = /^\s*/.exec(match[0])?.[0].length ?? 0;
      found.set(from, {
        name,
        kind,
        index: from,
        start: match.index + lead,
        end: match.index + match[0].length,
      });
      if (found.size >= SYMBOLS_MAX || performance.now() > endMs) break;
    }
  }
  return [...found.values()].sort((a, b) => a.index - b.index);
}

/** Where the group `name` begins. Finding out by the indices of a match runs its pattern a second time. */
function nameStart(match: RegExpExecArray): number {
  const name = match.groups?.name ?? '';
  const at = match[0].indexOf(name);
  if (match[0].indexOf(name, at + 1) < 0) return match.index + at;
  return match.indices?.groups?.name?.[0] ?? match.index;
}

/** Nobody writes a definition on such a line, and the time of a pattern grows with the square of its length. */
function withoutLongLines(text: string): string {
  for (let start = 0; start < text.length; ) {
    const feed = text.indexOf('\n', start);
    const end = feed < 0 ? text.length : feed;
    if (end - start >= LONG_LINE_MIN) return text.replace(LONG_LINE, (line) => ' '.repeat(line.length));
    start = end + 1;
  }
  return text;
}

const HOLDERS: ReadonlySet<SymbolKind | undefined> = new Set([
  'class',
  'struct',
  'interface',
  'enum',
  'implementation',
]);

function kindWithin(kind: SymbolKind, around: SymbolKind | undefined): SymbolKind {
  if (!HOLDERS.has(around)) return kind;
  return kind === 'function' ? 'method' : kind === 'variable' ? 'field' : kind;
}

function signatureOf(head: string): string {
  return withoutMark(head.replace(/\s+/g, ' '), MARKS).slice(0, SIGNATURE_MAX);
}

/** What begins a body. */
const MARKS = ['->', '{', '=', 'do', ':'];

const COMMENT_LINE = /^\s*(?:\/\/|\/?\*|#(?!\s*(?:include|define|if|endif|import))|--|;|%|"|!)/;

/** Comments on the lines directly above. */
function docAbove(lines: LineTable, line: number, language: ScanLanguage): string {
  if (language.lineComments.length + language.blockComments.length === 0) return '';
  const found: string[] = [];
  for (let at = line - 1; at >= 1 && found.length < DOC_LINES_MAX; at--) {
    const text = lines.text(at);
    if (!COMMENT_LINE.test(text)) break;
    found.unshift(text);
  }
  return cleanDoc(found.join('\n'));
}

function importsOf(text: string, lines: LineTable, { imports }: ScanLanguage): readonly ImportFact[] {
  if (imports === undefined) return [];
  return [...text.matchAll(imports)].flatMap((match) => {
    const source = match.groups?.name;
    return source === undefined
      ? []
      : [{ source, line: lines.lineOf(match.index + (/^\s*/.exec(match[0])?.[0].length ?? 0)) }];
  });
}
