// find_references: where a name is used, as what, and how sure that is.
import type { Call, ToolResult } from '../../../tool.ts';
import { answer, type CodeTool, createCodeTool, refusing } from '../code-tool.ts';
import type { Repositories, RepositoriesOf, SettledRepository } from '../repositories/repositories.ts';
import type { FoundReference, FoundSymbol } from '../symbols/symbol-messages.ts';
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
export function referencesTool(repositoriesOf: RepositoriesOf): CodeTool {
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
    run: refusing((call) => references(repositoriesOf(call), call)),
  });
}

interface Place {
  readonly reference: FoundReference;
  readonly repository: SettledRepository;
}

async function references(repositories: Repositories, { args }: Call): Promise<ToolResult> {
  const chosen = await repositories.readySymbols(textOf(args.repository));
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
  return answer([head, ...defined, ...linesOf(places)].join('\n'), {
    symbol: name,
    total_references: total,
    references: rows,
    ...(definition === undefined ? {} : { definition: toMatch(definition.symbol, definition.repository) }),
    truncated: total > places.length,
    complete: isComplete,
  });
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
