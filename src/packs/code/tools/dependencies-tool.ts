// analyze_dependencies: what a file or folder imports, or what imports it, with circles.
import type { Call, ToolResult } from '../../../tool.ts';
import { answer, CodeRefusal, type CodeTool, createCodeTool, refusing } from '../code-tool.ts';
import type { Repositories, RepositoriesOf, Repository } from '../repositories/repositories.ts';
import type { DependencyEdge, DependencyGraph } from '../symbols/symbol-messages.ts';
import { REPOSITORY, textOf } from './symbol-arguments.ts';

/** Makes the tool over the repositories of one server. */
export function dependenciesTool(repositoriesOf: RepositoriesOf): CodeTool {
  return createCodeTool({
    name: 'analyze_dependencies',
    title: 'Analyse dependencies',
    description:
      'What a file or folder imports (with direction in, what imports it; with both, either), and which imports form circles.',
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
        enum: ['out', 'in', 'both'],
        default: 'out',
        description: 'What it uses, what uses it, or both; the result then has an object with both.',
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
  const wish = { path, depth: Number(args.depth ?? 1), withExternal: args.include_external !== false };
  const format = String(args.format ?? 'tree');
  const shared = { path, depth: wish.depth, format };
  if (args.direction !== 'both') {
    const own = await follow(repository, { ...wish, direction: args.direction === 'in' ? 'in' : 'out' });
    const { direction, summary } = own;
    return answer(own.text, { ...shared, direction, summary, dependencies: inForm(format, own) });
  }
  const out = await follow(repository, { ...wish, direction: 'out' });
  const users = await follow(repository, { ...wish, direction: 'in' });
  return answer(`${out.text}\n${users.text}`, {
    ...{ ...shared, direction: 'both', summary: { ...out.summary, used_by: users.summary.internal } },
    dependencies: { out: inForm(format, out), in: inForm(format, users) },
  });
}

type Direction = 'in' | 'out';

interface Wish {
  readonly path: string;
  readonly depth: number;
  readonly direction: Direction;
  readonly withExternal: boolean;
}

/** The graph in one direction, with what the answer says of it. */
interface Followed {
  readonly graph: DependencyGraph;
  readonly depth: number;
  readonly direction: Direction;
  readonly summary: Summary;
  readonly text: string;
}

interface Summary {
  readonly internal: number;
  readonly external: number;
  readonly cycles: readonly (readonly string[])[];
}

/** Rejects with CodeRefusal `unknown_file` where nothing is parsed. */
async function follow(repository: Repository, wish: Wish): Promise<Followed> {
  const { path, depth, direction } = wish;
  const found = await repository.symbols.dependencies({ path, depth, direction });
  if (found.roots.length === 0)
    throw new CodeRefusal(
      'unknown_file',
      `No file of ${path === '' ? repository.name : path} is in a parsed language.`,
    );
  const graph = { ...found, edges: found.edges.filter((edge) => wish.withExternal || !edge.isExternal) };
  const external = new Set(graph.edges.filter((edge) => edge.isExternal).map(({ to }) => to));
  const internal = new Set(
    graph.edges.filter((edge) => !edge.isExternal).map((edge) => (direction === 'out' ? edge.to : edge.from)),
  );
  const summary = { internal: internal.size, external: external.size, cycles: graph.cycles };
  return { graph, depth, direction, summary, text: textForm(path, graph, { summary, direction }) };
}

function inForm(format: string, { graph: { roots, edges }, ...wish }: Followed): unknown {
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
  readonly direction: Direction;
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

/** Each file once with what it imports, or with what imports it, and the lines where. */
function textForm(
  path: string,
  { edges }: DependencyGraph,
  { summary, direction }: { readonly summary: Summary; readonly direction: Direction },
): string {
  const name = path === '' ? 'The repository' : path;
  const isOut = direction === 'out';
  const lines = [
    isOut
      ? `${name} depends on ${summary.internal} files and ${summary.external} external modules.`
      : `${name} is used by ${summary.internal} files.`,
    ...summary.cycles.map((cycle) => `Circle: ${cycle.join(' -> ')}`),
  ];
  for (const [file, own] of Map.groupBy(edges, (edge) => (isOut ? edge.from : edge.to))) {
    lines.push(isOut ? `${file} imports` : `${file} is imported by`);
    for (const [other, same] of Map.groupBy(own, (edge) => (isOut ? edge.to : edge.from)))
      lines.push(
        `  ${other}${same[0]?.isExternal === true ? ' (external)' : ''} line ${same.map(({ line }) => line).join(', ')}`,
      );
  }
  return lines.join('\n');
}
