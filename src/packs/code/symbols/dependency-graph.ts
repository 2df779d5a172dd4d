// Follows imports from files outward, or inward from what imports them, and finds circles.
import type { Dependency, ImportResolver } from './import-resolver.ts';
import type { DependencyGraph } from './symbol-messages.ts';

/** Edges of one answer; a larger graph is not read by anybody. */
const EDGES_MAX = 5_000;

/** The graph within `depth` steps of `path`, which is a file or a folder (empty: the whole tree). */
export function dependencyGraph(
  resolver: ImportResolver,
  paths: readonly string[],
  wish: { readonly path: string; readonly depth: number; readonly direction: 'in' | 'out' },
): DependencyGraph {
  const below = wish.path === '' ? '' : `${wish.path}/`;
  const roots = paths.filter((path) => path === wish.path || path.startsWith(below));
  const importers = wish.direction === 'in' ? importersOf(resolver, paths) : undefined;
  const edgesOf = (path: string): readonly Dependency[] =>
    importers === undefined ? resolver.dependenciesOf(path) : (importers.get(path) ?? []);
  const edges: Dependency[] = [];
  const visited = new Set(roots);
  let frontier: readonly string[] = roots;
  for (let step = 0; step < wish.depth && frontier.length > 0; step++) {
    const next: string[] = [];
    for (const path of frontier) {
      for (const edge of edgesOf(path)) {
        if (edges.length >= EDGES_MAX) return { roots, edges, cycles: findCycles(resolver, visited) };
        edges.push(edge);
        const other = importers === undefined ? edge.to : edge.from;
        if (edge.isExternal || visited.has(other)) continue;
        visited.add(other);
        next.push(other);
      }
    }
    frontier = next;
  }
  return { roots, edges, cycles: findCycles(resolver, visited) };
}

function importersOf(
  resolver: ImportResolver,
  paths: readonly string[],
): ReadonlyMap<string, readonly Dependency[]> {
  const all = paths.flatMap((path) => resolver.dependenciesOf(path)).filter((edge) => !edge.isExternal);
  return Map.groupBy(all, ({ to }) => to);
}

/** Strongly connected components of more than one file (Tarjan 1972), without recursion: chains of imports are long. */
function findCycles(resolver: ImportResolver, among: ReadonlySet<string>): readonly (readonly string[])[] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const onStack = new Set<string>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const neighbours = (path: string) => resolver.importedBy(path).filter((to) => among.has(to));
  const enter = (path: string) => {
    order.set(path, order.size);
    low.set(path, order.size - 1);
    stack.push(path);
    onStack.add(path);
    return { path, rest: neighbours(path)[Symbol.iterator]() };
  };
  for (const start of among) {
    if (order.has(start)) continue;
    const work = [enter(start)];
    for (let top = work.at(-1); top !== undefined; top = work.at(-1)) {
      const { path } = top;
      const step = top.rest.next();
      if (step.done !== true) {
        if (!order.has(step.value)) work.push(enter(step.value));
        else if (onStack.has(step.value)) lower(low, path, order.get(step.value) ?? 0);
        continue;
      }
      work.pop();
      const parent = work.at(-1);
      if (parent !== undefined) lower(low, parent.path, low.get(path) ?? 0);
      if (low.get(path) !== order.get(path)) continue;
      const group = stack.splice(stack.indexOf(path));
      for (const one of group) onStack.delete(one);
      if (group.length > 1) cycles.push(group.sort());
    }
  }
  return cycles;
}

function lower(low: Map<string, number>, path: string, value: number): void {
  low.set(path, Math.min(low.get(path) ?? value, value));
}
