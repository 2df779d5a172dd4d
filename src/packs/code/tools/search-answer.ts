// The answer of search_code: a text for models, grouped by file and never above its budget, and the same as data.
import type { JsonObject, ToolResult } from '../../../tool.ts';
import { answer } from '../code-tool.ts';
import { languageOf } from '../languages.ts';
import type { SettledRepository } from '../repositories/repositories.ts';
import { DISCOVERED_MAX, type SkippedRepositories } from './chosen-repositories.ts';
import type { RepositoryGroups } from './grouped-results.ts';
import type { SearchRequest } from './search-arguments.ts';
import { queryFingerprint, toCursor } from './search-cursor.ts';
import type { Enclosing, TextHit, TextHits } from './text-search.ts';

/** The estimate by which budgets are counted (spec code §2.2). */
export const CHARACTERS_PER_TOKEN = 4;
/** A shown line is cut around its match: longer ones are generated or data. */
const LINE_SHOWN_MAX = 200;
/** The same where the budget is short. */
const LINE_SHORT_MAX = 80;
/** Lines around a match that `_usage_hint` advises to read. */
const HINT_LINES = 10;

/** What an answer is made of. */
export interface SearchAnswer {
  readonly args: JsonObject;
  readonly request: SearchRequest;
  readonly repositories: readonly SettledRepository[];
  readonly found: TextHits;
  readonly offset: number;
  /** Of the hits, in their order; absent where symbols are not known. */
  readonly enclosing: readonly (Enclosing | undefined)[];
  readonly skipped: SkippedRepositories;
  readonly groups: RepositoryGroups | undefined;
}

/** Renders what fits into the budget; the cursor goes on after the last row shown. */
export function renderSearch(input: SearchAnswer): ToolResult {
  const { found, request } = input;
  const budget = request.maxTokens * CHARACTERS_PER_TOKEN;
  const all = found.hits.length;
  for (const style of STYLES) {
    const text = textOf(input, all, style);
    if (text.length <= budget) return finish(input, all, text);
  }
  // Even short lines do not all fit: as many rows as do, found by halving.
  let [fits, fails] = [0, all];
  while (fails - fits > 1) {
    const middle = (fits + fails) >> 1;
    if (textOf(input, middle, SHORT).length <= budget) fits = middle;
    else fails = middle;
  }
  return finish(input, fits, textOf(input, fits, SHORT).slice(0, budget));
}

interface Style {
  readonly context: boolean;
  readonly lineMax: number;
}
const SHORT: Style = { context: false, lineMax: LINE_SHORT_MAX };
/** From the richest to the shortest. */
const STYLES: readonly Style[] = [
  { context: true, lineMax: LINE_SHOWN_MAX },
  { context: false, lineMax: LINE_SHOWN_MAX },
  SHORT,
];

function textOf(input: SearchAnswer, shown: number, style: Style): string {
  const { found, repositories } = input;
  const isSeveral = repositories.length > 1;
  const parts = [headline(input, shown)];
  let file = '';
  let lastLine = 0;
  for (const [at, hit] of found.hits.slice(0, shown).entries()) {
    const name = isSeveral ? `${hit.repository.name}: ${hit.path}` : hit.path;
    if (name !== file) parts.push('', name);
    else if (style.context && hit.line - hit.before.length > lastLine + 1) parts.push('  --');
    if (name !== file) lastLine = 0;
    file = name;
    const inside = input.enclosing[at];
    const previous = at === 0 ? undefined : input.enclosing[at - 1];
    if (inside !== undefined && inside !== previous)
      parts.push(`  in ${inside.kind} ${inside.name} (${inside.lineStart}-${inside.lineEnd})`);
    lastLine = pushRow(parts, hit, style, lastLine);
  }
  const next = nextCursor(input, shown);
  if (next !== undefined) parts.push('', `More with cursor: ${next}`);
  return parts.join('\n');
}

/** Adds the rows of one hit that lie behind `lastLine`; returns the last line it added. */
function pushRow(parts: string[], hit: TextHit, style: Style, lastLine: number): number {
  const { before, after, line, lineEnd } = hit;
  if (style.context) {
    for (const [at, text] of before.entries()) {
      const number = line - before.length + at;
      if (number > lastLine) parts.push(`  ${number}- ${cut(text, 0, style.lineMax)}`);
    }
  }
  const shown = cut(hit.text, hit.column - hit.textColumn, style.lineMax).split('\n');
  for (const [at, text] of shown.entries()) parts.push(`  ${line + at}: ${text}`);
  if (!style.context) return lineEnd;
  for (const [at, text] of after.entries())
    parts.push(`  ${lineEnd + 1 + at}- ${cut(text, 0, style.lineMax)}`);
  return lineEnd + after.length;
}

function headline({ found, repositories, offset }: SearchAnswer, shown: number): string {
  const names = repositories.length === 1 ? repositories[0]?.name : `${repositories.length} repositories`;
  const atLeast = found.isComplete ? '' : 'at least ';
  const count = (amount: number, noun: string) => `${amount} ${noun}${amount === 1 ? '' : 's'}`;
  const rows = `${atLeast}${found.unit === 'file' ? 'ranked' : `${count(found.lines, 'matching line')} in`}`;
  const places = `${count(found.files, 'file')} of ${names}`;
  const range =
    shown === found.lines ? '' : shown === 0 ? '; none shown' : `; shown ${offset + 1}-${offset + shown}`;
  return `${rows} ${places}${range}.`;
}

function nextCursor({ found, args, offset }: SearchAnswer, shown: number): string | undefined {
  if (offset + shown >= found.lines) return undefined;
  return toCursor({ offset: offset + shown, generations: found.generations }, fingerprintOf(args));
}

/** The size of a page may differ from page to page; everything else makes another query. */
export function fingerprintOf(args: JsonObject): string {
  const { cursor: _cursor, limit: _limit, max_results: _max, max_tokens: _tokens, ...query } = args;
  return queryFingerprint(query);
}

function finish(input: SearchAnswer, shown: number, text: string): ToolResult {
  const { found, request, repositories } = input;
  const results = found.hits.slice(0, shown).map((hit, at) => toHit(hit, input.enclosing[at]));
  const next = nextCursor(input, shown);
  const dropped = found.hits.length - shown;
  const notReady = repositories.find(({ readiness }) => !readiness.ready) ?? repositories[0];
  return answer(text, {
    query: request.query,
    search_type: request.type,
    file_pattern: request.filePattern,
    case_sensitive: request.caseSensitive,
    total_results: results.length,
    max_results: request.limit,
    context_lines: request.contextLines,
    results,
    ...(input.groups === undefined ? {} : { results_by_repository: input.groups }),
    truncated: next !== undefined,
    total_found: found.lines,
    total_files: found.files,
    complete: found.isComplete,
    ...(next === undefined ? {} : { next_cursor: next }),
    request_metadata: {
      tokens: Math.ceil(text.length / CHARACTERS_PER_TOKEN),
      dropped,
      ...(found.semantic === undefined ? {} : { semantic: found.semantic }),
    },
    readiness: notReady?.readiness ?? null,
    indexing_in_progress: repositories.some(({ status }) => status.state.startsWith('index_')),
    ...noteOf(input),
  });
}

function noteOf({ found, skipped }: SearchAnswer): { readonly note?: string } {
  const notes = [
    ...(found.isComplete ? [] : ['The search ended at its limit; totals are lower bounds.']),
    ...(found.semantic?.hint === undefined ? [] : [found.semantic.hint]),
    ...(skipped.notReady.length === 0
      ? []
      : [`Not searched, because not ready yet: ${skipped.notReady.join(', ')}.`]),
    ...(skipped.beyond.length === 0
      ? []
      : [
          `Not searched, because at most ${DISCOVERED_MAX} repositories are compared at once: ${skipped.beyond.join(', ')}. Name those that are meant in repository_filter.repositories.`,
        ]),
  ];
  return notes.length === 0 ? {} : { note: notes.join(' ') };
}

/** Both vocabularies of a hit (spec code §2.2). */
export function toHit(hit: TextHit, inside: Enclosing | undefined) {
  const { path, line, lineEnd, text, column, textColumn, length, repository } = hit;
  const start = column - textColumn;
  const numbered = (lines: readonly string[], first: number) =>
    lines.map((content, at) => ({ line_number: first + at, content: cut(content, 0, LINE_SHOWN_MAX) }));
  const context_before = numbered(hit.before, line - hit.before.length);
  const context_after = numbered(hit.after, lineEnd + 1);
  const content = cut(text, start, LINE_SHOWN_MAX);
  const from = inside?.lineStart ?? Math.max(1, line - HINT_LINES);
  const to = inside?.lineEnd ?? lineEnd + HINT_LINES;
  return {
    file_path: path,
    line_number: line,
    content,
    score: hit.score ?? 1,
    match_type: hit.matchType ?? (hit.score === undefined ? 'text' : 'ranked'),
    match_start: column - 1,
    match_end: column - 1 + length,
    matched_text: text.slice(start, start + Math.min(length, LINE_SHOWN_MAX)),
    context_before,
    context_after,
    file: path,
    line,
    line_end: lineEnd,
    symbol: inside?.name ?? null,
    kind: inside?.kind ?? null,
    language: languageOf(path),
    repository: repository.name,
    snippet: [...context_before, { content }, ...context_after].map((row) => row.content).join('\n'),
    last_indexed: timeOf(repository),
    _usage_hint: `Read lines ${from}-${to} of ${path} for the code around this match.`,
  };
}

function timeOf({ status }: SettledRepository): string | null {
  const at = status.record?.indexedAt ?? null;
  return at === null ? null : new Date(at).toISOString();
}

/** At most `max` units around `at`, with marks where something is missing. Never splits a surrogate pair. */
function cut(text: string, at: number, max: number): string {
  if (text.length <= max) return text;
  const start = Math.max(0, Math.min(at - (max >> 2), text.length - max));
  const part = text.slice(start, start + max).toWellFormed();
  return `${start > 0 ? '…' : ''}${part}${start + max < text.length ? '…' : ''}`;
}
