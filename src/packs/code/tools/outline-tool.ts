// get_file_outline: what a file defines, as a tree.
import type { Call, ToolResult } from '../../../tool.ts';
import { answer, CodeRefusal, type CodeTool, createCodeTool, refusing } from '../code-tool.ts';
import type { Repositories, RepositoriesOf } from '../repositories/repositories.ts';
import type { SymbolFact } from '../symbols/facts.ts';
import { REPOSITORY, textOf } from './symbol-arguments.ts';

/** A symbol with what lies in it. */
interface OutlineEntry {
  readonly name: string;
  readonly kind: string;
  readonly signature: string;
  readonly line_start: number;
  readonly line_end: number;
  readonly visibility: string;
  readonly documentation?: string;
  readonly children: OutlineEntry[];
}

/** Makes the tool over the repositories of one server. */
export function outlineTool(repositoriesOf: RepositoriesOf): CodeTool {
  return createCodeTool({
    name: 'get_file_outline',
    title: 'Outline of a file',
    description:
      'The definitions of a file as a tree, with signatures and lines: much shorter than the file.',
    properties: {
      file_path: {
        type: 'string',
        minLength: 1,
        maxLength: 4096,
        description: 'Path in its repository, or absolute.',
      },
      include_private: {
        type: 'boolean',
        default: false,
        description: 'Also what only its own scope may use.',
      },
      max_depth: {
        type: 'integer',
        minimum: -1,
        maximum: 50,
        default: -1,
        description: 'Levels; -1 for all.',
      },
      repository: REPOSITORY,
    },
    required: ['file_path'],
    result: {
      file_path: { type: 'string' },
      language: { type: 'string' },
      total_symbols: { type: 'integer' },
      symbols: { type: 'array', items: { type: 'object' } },
    },
    kind: 'read',
    run: refusing((call) => outline(repositoriesOf(call), call)),
  });
}

async function outline(repositories: Repositories, { args }: Call): Promise<ToolResult> {
  const { repository, path } = await repositories.locate(String(args.file_path), textOf(args.repository));
  await repositories.readySymbols(repository.id);
  const found = await repository.symbols.outline(path);
  if (found === undefined) {
    const known = (await repository.index.text.files()).find((file) => file.path === path);
    if (known?.status !== 'indexed')
      throw new CodeRefusal(
        'unknown_file',
        `${path} is not in the index${known === undefined ? '' : ` (${known.status})`}.`,
      );
    throw new CodeRefusal('unparsed_file', `${path} is too large, or took too long, to be read for symbols.`);
  }
  const isWanted = (symbol: SymbolFact) =>
    !symbol.isLocal && (args.include_private === true || symbol.visibility !== 'private');
  const { tree, count } = toTree(found.symbols, isWanted, Number(args.max_depth ?? -1));
  return answer([`${path} (${found.language}), ${count} symbols`, ...linesOf(tree, '  ')].join('\n'), {
    file_path: path,
    language: found.language,
    total_symbols: count,
    symbols: tree,
  });
}

function toTree(symbols: readonly SymbolFact[], isWanted: (symbol: SymbolFact) => boolean, maxDepth: number) {
  const entries = new Map<number, { readonly entry: OutlineEntry; readonly depth: number }>();
  const tree: OutlineEntry[] = [];
  for (const [at, symbol] of symbols.entries()) {
    const above = entries.get(symbol.parent);
    const depth = symbol.parent < 0 ? 1 : (above?.depth ?? Number.POSITIVE_INFINITY) + 1;
    // What lies in something that is left out is left out with it.
    if (!Number.isFinite(depth) || !isWanted(symbol) || (maxDepth >= 0 && depth > maxDepth)) continue;
    const entry: OutlineEntry = {
      name: symbol.name,
      kind: symbol.kind,
      signature: symbol.signature,
      line_start: symbol.lineStart,
      line_end: symbol.lineEnd,
      visibility: symbol.visibility,
      ...(symbol.doc === '' ? {} : { documentation: symbol.doc }),
      children: [],
    };
    entries.set(at, { entry, depth });
    (above?.entry.children ?? tree).push(entry);
  }
  return { tree, count: entries.size };
}

function linesOf(entries: readonly OutlineEntry[], indent: string): readonly string[] {
  return entries.flatMap(({ line_start, line_end, kind, signature, name, children }) => [
    `${indent}${line_start}-${line_end} ${kind} ${signature === '' ? name : signature}`,
    ...linesOf(children, `${indent}  `),
  ]);
}
