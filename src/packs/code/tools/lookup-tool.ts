// lookup_symbol: where a name is defined.
import type { Call, ToolResult } from '../../../tool.ts';
import { answer, type CodeTool, createCodeTool, refusing } from '../code-tool.ts';
import type { RepositoriesOf, SettledRepository } from '../repositories/repositories.ts';
import type { FoundSymbol } from '../symbols/symbol-messages.ts';
import { askingSymbols, type SearchDeps } from './search-deps.ts';
import {
  FILE_PATTERN,
  patternOf,
  REPOSITORY,
  SYMBOL,
  SYMBOL_TYPES,
  symbolLine,
  toMatch,
  usageHint,
} from './symbol-arguments.ts';

/** Definitions in one answer; names with more are looked up with a file pattern. */
const MATCHES_MAX = 50;

/** Makes the tool over the repositories of one server. */
export function lookupTool(repositoriesOf: RepositoriesOf, deps: SearchDeps): CodeTool {
  return createCodeTool({
    name: 'lookup_symbol',
    aliases: ['symbol_lookup'],
    title: 'Look up a symbol',
    description:
      'Finds where a function, class, method, type, constant or variable is defined, with its signature, documentation and lines.',
    properties: {
      symbol: SYMBOL,
      symbol_type: {
        type: 'string',
        enum: Object.keys(SYMBOL_TYPES),
        default: 'any',
        description: 'Only symbols of this kind.',
      },
      file_pattern: FILE_PATTERN,
      exact_match: { type: 'boolean', default: true, description: 'False also finds names that are alike.' },
      repository: REPOSITORY,
    },
    required: ['symbol'],
    result: {
      symbol: { type: 'string' },
      result: { type: 'string' },
      symbol_type: { type: 'string' },
      file_pattern: { type: 'string' },
      exact_match: { type: 'boolean' },
      total_matches: { type: 'integer' },
      matches: { type: 'array', items: { type: 'object' } },
      kind: { type: 'string' },
      language: { type: 'string' },
      signature: { type: 'string' },
      doc: { type: 'string' },
      defined_in: { type: 'string' },
      line: { type: 'integer' },
      _usage_hint: { type: 'string' },
      message: { type: 'string' },
      suggestion: { type: 'string' },
      similar: { type: 'array' },
      readiness: { type: 'object' },
    },
    optionalResult: [
      'result',
      'symbol_type',
      'file_pattern',
      'exact_match',
      'total_matches',
      'matches',
      'kind',
      'language',
      'signature',
      'doc',
      'defined_in',
      'line',
      '_usage_hint',
      'message',
      'suggestion',
      'similar',
      'readiness',
    ],
    kind: 'read',
    run: refusing(askingSymbols({ mode: 'lookup', repositoriesOf, deps }, lookup)),
  });
}

interface Match {
  readonly symbol: FoundSymbol;
  readonly repository: SettledRepository;
}

async function lookup(chosen: readonly SettledRepository[], { args }: Call): Promise<ToolResult> {
  const name = String(args.symbol);
  const include = patternOf(args);
  const kinds = SYMBOL_TYPES[String(args.symbol_type ?? 'any')];
  const found: Match[] = [];
  const similar: string[] = [];
  let total = 0;
  for (const repository of chosen) {
    const hits = await repository.symbols.lookup({
      name,
      exact: args.exact_match !== false,
      limit: MATCHES_MAX,
      ...(kinds === undefined ? {} : { kinds }),
      ...(include === undefined ? {} : { include }),
    });
    total += hits.total;
    similar.push(...hits.similar);
    found.push(...hits.symbols.map((symbol) => ({ symbol, repository })));
  }
  found.sort((a, b) => b.symbol.score - a.symbol.score);
  const [best] = found;
  if (best === undefined) return notFound(name, similar, chosen[0]);
  const matches = found.slice(0, MATCHES_MAX);
  const { kind, language, signature, doc, path, line } = best.symbol;
  const head = `${total} ${total === 1 ? 'definition' : 'definitions'} of ${name}${total > matches.length ? `; ${matches.length} shown` : ''}.`;
  return answer([head, ...matches.map(({ symbol }) => symbolLine(symbol))].join('\n'), {
    symbol: name,
    symbol_type: args.symbol_type ?? 'any',
    file_pattern: include ?? '*',
    exact_match: args.exact_match !== false,
    total_matches: total,
    matches: matches.map(({ symbol, repository }) => toMatch(symbol, repository)),
    kind,
    language,
    signature,
    doc,
    defined_in: path,
    line,
    _usage_hint: usageHint(path, best.symbol),
  });
}

function notFound(
  symbol: string,
  similar: readonly string[],
  first: SettledRepository | undefined,
): ToolResult {
  const message = `There is no definition of ${symbol} in the indexed source.`;
  const alike = similar.length === 0 ? '' : ` Names that are alike: ${similar.join(', ')}.`;
  return answer(message + alike, {
    result: 'not_found',
    symbol,
    message,
    suggestion: 'Search its text with search_code, or look it up with exact_match: false.',
    similar,
    ...(first === undefined ? {} : { readiness: first.readiness }),
  });
}
