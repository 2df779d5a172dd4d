// Finds the `x-mcp-header` annotations of an input schema (MCP 2026-07-28, tools: custom headers from parameters).

/** An `x-mcp-header` annotation of a tool's input schema (MCP 2026-07-28, tools: header parameters). */
export interface HeaderParameter {
  /** Header name in lower case, `mcp-param-region`. */
  readonly header: string;
  /** Property names from the root of the arguments. */
  readonly path: readonly string[];
}

/** Annotations reach a property only through a chain of `properties`; anything else clients must ignore. */
export function headerParametersOf(inputSchema: unknown): readonly HeaderParameter[] {
  const found: HeaderParameter[] = [];
  collect(inputSchema, [], found);
  return found;
}

function collect(schema: unknown, path: readonly string[], found: HeaderParameter[]): void {
  if (typeof schema !== 'object' || schema === null) return;
  const properties = 'properties' in schema ? schema.properties : undefined;
  if (typeof properties !== 'object' || properties === null) return;
  for (const [name, property] of Object.entries(properties)) {
    const own = [...path, name];
    const header = typeof property === 'object' && property !== null ? property['x-mcp-header'] : undefined;
    if (typeof header === 'string') found.push({ header: `mcp-param-${header.toLowerCase()}`, path: own });
    collect(property, own, found);
  }
}
