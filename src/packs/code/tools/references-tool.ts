// find_references: where a name is used, as what, and how sure that is.
import type { Call, ToolResult } from '../../../tool.ts';
import { answer, type CodeTool, createCodeTool, refusing } from '../code-tool.ts';
import { fileClass } from '../ranking/file-class.ts';
import type { RepositoriesOf, SettledRepository } from '../repositories/repositories.ts';
import type { FoundReference, FoundSymbol } from '../symbols/symbol-messages.ts';
import { askingSymbols, type SearchDeps } from './search-deps.ts';
import {
  FILE_PATTERN,
  patternOf,
  REPOSITORY,
  SYMBOL,
  symbolLine,
  textOf,
  toMatch,
} from './symbol-arguments.ts';

/** Lines around a reference. */
const CONTEXT_LINES = 1;

/** Makes the tool over the repositories of one server. */
export function referencesTool(repositoriesOf: RepositoriesOf, deps: SearchDeps): CodeTool {
  return createCodeTool({
    name: 'find_references',
    title: 'Find references',
    description:
      'Finds where a symbol is used: calls, imports, types, inheritance, properties. Comments and strings do not count. file_path and line_number choose one of several symbols of the same name.',
    properties: {
      symbol: SYMBOL,
      file_path: { type: 'string', maxLength: 1000, description: 'File with the definition that is meant.' },
      line_number: { type: 'integer', minimum: 1, description: 'Line of that definition.' },
      include_definitions: { type: 'boolean', default: false, description: 'Lists definitions too.' },
      file_pattern: FILE_PATTERN,
      repository: REPOSITORY,
      max_results: {
        type: 'integer',
        minimum: 1,
        maximum: 1000,
        default: 200,
        description: 'Most references.',
      },
    },
    required: ['symbol'],
    result: {
      symbol: { type: 'string' },
      total_references: { type: 'integer' },
      references: { type: 'array', items: { type: 'object' } },
      definition: { type: 'object' },
      truncated: { type: 'boolean' },
      complete: { type: 'boolean' },
    },
    optionalResult: ['definition'],
    kind: 'read',
    run: refusing(askingSymbols({ mode: 'references', repositoriesOf, deps }, references)),
  });
}

interface Place {
  readonly reference: FoundReference;
  readonly repository: SettledRepository;
}

async function references(chosen: readonly SettledRepository[], { args }: Call): Promise<ToolResult> {
  const name = String(args.symbol);
  const include = patternOf(args);
  const path = textOf(args.file_path)?.replace(/^\.?\//, '');
  const limit = Number(args.max_results ?? 200);
  const places: Place[] = [];
  let definition: { readonly symbol: FoundSymbol; readonly repository: SettledRepository } | undefined;
  let total = 0;
  let isComplete = true;
  for (const repository of chosen) {
    const hits = await repository.symbols.references({
      name,
      includeDefinitions: args.include_definitions === true,
      limit: limit - places.length,
      ...(path === undefined ? {} : { path }),
      ...(typeof args.line_number === 'number' ? { line: args.line_number } : {}),
      ...(include === undefined ? {} : { include }),
    });
    total += hits.total;
    isComplete &&= hits.isComplete;
    places.push(...hits.references.map((reference) => ({ reference, repository })));
    if (definition === undefined && hits.definition !== undefined)
      definition = { symbol: hits.definition, repository };
  }
  const rows = await withContext(places);
  const head = `${isComplete ? '' : 'At least '}${total} ${total === 1 ? 'reference' : 'references'} to ${name}${total > places.length ? `; ${places.length} shown` : ''}.`;
  const defined = definition === undefined ? [] : [`Defined at ${symbolLine(definition.symbol)}`];
  const lines = include === undefined ? shortLines(places) : linesOf(places);
  return answer([head, ...defined, ...lines].join('\n'), {
    symbol: name,
    total_references: total,
    references: rows,
    ...(definition === undefined ? {} : { definition: toMatch(definition.symbol, definition.repository) }),
    truncated: total > places.length,
    complete: isComplete,
  });
}

/** Files named besides those whose lines are shown; the first are the ones with most. */
const OTHER_FILES_MAX = 10;

/** The lines in source, and of tests, documents and code of others only how many each file has; all where no source is. */
function shortLines(places: readonly Place[]): readonly string[] {
  const isSource = ({ reference }: Place) => fileClass(reference.path) === 'source';
  const source = places.filter(isSource);
  if (source.length === 0 || source.length === places.length) return linesOf(places);
  const others = [
    ...Map.groupBy(
      places.filter((place) => !isSource(place)),
      ({ reference }) => reference.path,
    ),
  ].sort((a, b) => b[1].length - a[1].length);
  const named = others.slice(0, OTHER_FILES_MAX).map(([path, own]) => `${path} (${own.length})`);
  const more = others.length > named.length ? ` and ${others.length - named.length} files more` : '';
  return [
    ...linesOf(source),
    `Besides, not in source (file_pattern shows the lines): ${named.join(', ')}${more}`,
  ];
}

function linesOf(places: readonly Place[]): readonly string[] {
  const lines: string[] = [];
  let file = '';
  for (const { reference } of places) {
    if (reference.path !== file) lines.push(reference.path);
    file = reference.path;
    lines.push(`  ${reference.line}: [${reference.type}] ${reference.content}`);
  }
  return lines;
}

async function withContext(places: readonly Place[]) {
  const rows = [];
  for (const [repository, own] of Map.groupBy(places, (place) => place.repository)) {
    const excerpts = await repository.index.text.excerpts(
      own.flatMap(({ reference: { path, line } }) => [
        { path, from: line - CONTEXT_LINES, to: line - 1 },
        { path, from: line + 1, to: line + CONTEXT_LINES },
      ]),
    );
    for (const [at, { reference }] of own.entries()) {
      const { path, line, column, type, confidence, content } = reference;
      rows.push({
        file_path: path,
        line_number: line,
        column,
        type,
        confidence,
        content,
        context_before: excerpts[2 * at] ?? [],
        context_after: excerpts[2 * at + 1] ?? [],
        metadata: {
          is_definition: type === 'definition',
          is_import: type === 'import',
          is_declaration: type === 'declaration',
          is_usage: !['definition', 'import', 'declaration'].includes(type),
        },
      });
    }
  }
  return rows;
}
