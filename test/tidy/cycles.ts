// Finds cycles in a graph of imports.

/** A graph: what each node points to. Targets that are no nodes themselves are ignored. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** The first cycle found, as the nodes along it with the first one repeated at the end, or undefined. */
export function findCycle(graph: Graph): string[] | undefined {
  const done = new Set<string>();
  for (const start of graph.keys()) {
    const cycle = search(graph, start, [], done);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

function search(graph: Graph, node: string, path: string[], done: Set<string>): string[] | undefined {
  const seenAt = path.indexOf(node);
  if (seenAt !== -1) return [...path.slice(seenAt), node];
  if (done.has(node)) return undefined;
  path.push(node);
  for (const next of graph.get(node) ?? []) {
    const cycle = search(graph, next, path, done);
    if (cycle !== undefined) return cycle;
  }
  path.pop();
  done.add(node);
  return undefined;
}
