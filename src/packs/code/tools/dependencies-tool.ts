// analyze_dependencies: what a file or folder imports, or what imports it, with circles.
import type { Call, ToolResult } from '../../../tool.ts';
import { answer, CodeRefusal, type CodeTool, createCodeTool, refusing } from '../code-tool.ts';
import type { Repositories, RepositoriesOf } from '../repositories/repositories.ts';
import type { DependencyEdge, DependencyGraph } from '../symbols/symbol-messages.ts';
import { REPOSITORY, textOf } from './symbol-arguments.ts';

/** Makes the tool over the repositories of one server. */
export function dependenciesTool(repositoriesOf: RepositoriesOf): CodeTool {
  return createCodeTool({
    name: 'analyze_dependencies',
    title: 'Analyse dependencies',
    description:
      'What a file or folder imports (or, with direction in, what imports it), and which imports form circles.',
    properties: {
      path: {
        type: 'string',
        maxLength: 4096,
        description: 'File or folder of a repository; empty for all of it.',
      },
      depth: { type: 'integer', minimum: 1, maximum: 5, default: 1, description: 'Steps that are followed.' },
      include_external: {
        type: 'boolean',
        default: true,
        description: 'Also what lies outside the repository.',
      },
      format: {
        type: 'string',
        enum: ['tree', 'list', 'graph'],
        default: 'tree',
        description: 'Form of the result.',
      },
      direction: {
        type: 'string',
        enum: ['out', 'in'],
        default: 'out',
        description: 'What it uses, or what uses it.',
      },
      repository: REPOSITORY,
    },
    required: ['path'],
    result: {
      path: { type: 'string' },
      depth: { type: 'integer' },
      format: { type: 'string' },
      direction: { type: 'string' },
      summary: { type: 'object' },
      dependencies: { anyOf: [{ type: 'array' }, { type: 'object' }] },
    },
    kind: 'read',
    run: refusing((call) => analyse(repositoriesOf(call), call)),
  });
}

async function analyse(repositories: Repositories, { args }: Call): Promise<ToolResult> {
  const { repository, path } = await repositories.locate(String(args.path), textOf(args.repository));
  await repositories.readySymbols(repository.id);
  const direction = args.direction === 'in' ? 'in' : 'out';
  const depth = Number(args.depth ?? 1);
  const graph = await repository.symbols.dependencies({ path, depth, direction });
  if (graph.roots.length === 0)
    throw new CodeRefusal(
      'unknown_file',
      `No file of ${path === '' ? repository.name : path} is in a parsed language.`,
    );
  const edges = graph.edges.filter(({ isExternal }) => args.include_external !== false || !isExternal);
  const format = String(args.format ?? 'tree');
  const external = new Set(edges.filter((edge) => edge.isExternal).map(({ to }) => to));
  const internal = new Set(
    edges.filter((edge) => !edge.isExternal).map((edge) => (direction === 'out' ? edge.to : edge.from)),
  );
  const summary = { internal: internal.size, external: external.size, cycles: graph.cycles };
  return answer(textForm(path, { ...graph, edges }, summary, direction), {
    path,
    depth,
    format,
    direction,
    summary,
    dependencies: inForm(format, { ...graph, edges }, { depth, direction }),
  });
}

function inForm(
  format: string,
  { roots, edges }: DependencyGraph,
  wish: { readonly depth: number; readonly direction: 'in' | 'out' },
): unknown {
  if (format === 'list')
    return [...new Set(edges.map(({ from, to }) => (wish.direction === 'out' ? to : from)))].sort();
  if (format === 'graph') {
    const nodes = [...new Set([...roots, ...edges.flatMap(({ from, to }) => [from, to])])].sort();
    return {
      nodes,
      edges: edges.map(({ from, to, isExternal, line }) => ({
        from,
        to,
        kind: isExternal ? 'external' : 'internal',
        line,
      })),
    };
  }
  const byFile = Map.groupBy(edges, ({ from, to }) => (wish.direction === 'out' ? from : to));
  const expanded = new Set<string>();
  return roots.map((root) => toTree(root, { byFile, expanded, ...wish }, 1));
}

interface TreeNode {
  readonly path: string;
  readonly external?: true;
  readonly children?: readonly TreeNode[];
}

interface TreeWish {
  readonly byFile: ReadonlyMap<string, readonly DependencyEdge[]>;
  readonly depth: number;
  readonly direction: 'in' | 'out';
  /** A file is shown with its children once: files that many import would fill the answer. */
  readonly expanded: Set<string>;
}

function toTree(path: string, wish: TreeWish, level: number): TreeNode {
  if (level > wish.depth || wish.expanded.has(path)) return { path };
  wish.expanded.add(path);
  const children = (wish.byFile.get(path) ?? []).map(({ from, to, isExternal }): TreeNode => {
    const other = wish.direction === 'out' ? to : from;
    return isExternal ? { path: other, external: true } : toTree(other, wish, level + 1);
  });
  return children.length === 0 ? { path } : { path, children };
}

function textForm(
  path: string,
  { edges }: DependencyGraph,
  summary: {
    readonly internal: number;
    readonly external: number;
    readonly cycles: readonly (readonly string[])[];
  },
  direction: 'in' | 'out',
): string {
  const verb = direction === 'out' ? 'depends on' : 'is used by';
  const lines = [
    `${path === '' ? 'The repository' : path} ${verb} ${summary.internal} files and ${summary.external} external modules.`,
    ...summary.cycles.map((cycle) => `Circle: ${cycle.join(' -> ')}`),
  ];
  for (const [from, own] of Map.groupBy(edges, (edge) => edge.from))
    lines.push(
      from,
      ...own.map(({ to, line, isExternal }) => `  ${line}: ${to}${isExternal ? ' (external)' : ''}`),
    );
  return lines.join('\n');
}
