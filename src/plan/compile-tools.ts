// The tools of one server: prepared, with their stages, whatever they come from.
import { headerParametersOf } from '../definition/header-parameters.ts';
import type { Definition } from '../definition/schema/definition.ts';
import type { Tool as ToolDefinition } from '../definition/schema/tool.ts';
import { appendPointer } from '../definition/source/node.ts';
import { listedToolName } from '../definition/tool-name.ts';
import type { ToolAnnotations } from '../tool.ts';
import { type Enter, type FederatedContents, handlerContext, type Work } from './compilation.ts';
import { discoveryTools } from './discovery.ts';
import { compilePackTool } from './pack-tool.ts';
import type { ToolEntry } from './server-plan.ts';
import { toolTarget } from './target.ts';
import { compileTool, withTaskTimeout } from './tool-compiler.ts';

/** The definition's own and those of its packs. */
export async function compileTools(work: Work, enter: Enter): Promise<readonly ToolEntry[]> {
  const { tools } = work.loaded.definition;
  const entries = await Promise.all(
    tools.map((tool, index) =>
      tool.enabled ? compileEntry(work, enter, withTaskTimeout(tool), index) : undefined,
    ),
  );
  return [...entries.filter((entry) => entry !== undefined), ...compilePackTools(work, enter)];
}

/** A definition's own tool never hides one of a pack, nor the other way round: that is a mistake to be told of. */
function compilePackTools({ loaded, deps, parts, report }: Work, enter: Enter): readonly ToolEntry[] {
  const { definition } = loaded;
  const { redactor } = deps;
  const log = deps.log.child({ server: definition.slug });
  const own = new Map(
    definition.tools.flatMap(({ name }, index) => [
      [name, index] as const,
      [listedToolName(name, definition.toolNames), index] as const,
    ]),
  );
  return (parts.packTools ?? []).map((packTool) => {
    const { tool, target, aliases } = compilePackTool(packTool, {
      toolNames: definition.toolNames,
      log,
      redactor,
    });
    for (const name of new Set([tool.spec.name, tool.spec.listedName, ...aliases])) {
      const index = own.get(name);
      if (index !== undefined)
        report(`/tools/${index}/name`, new Error(`'${name}' is a tool of a pack; choose another name.`));
      // An answer of it holds until what it follows from changes, and only the pack knows when that is.
      if (definition.caching?.tools[name] !== undefined)
        report(
          appendPointer('/caching/tools', name),
          new Error(`'${name}' is a tool of a pack, which keeps its answers itself; remove this entry.`),
        );
    }
    return { ...enter(tool, target), aliases, headerParameters: headerParametersOf(tool.spec.inputSchema) };
  });
}

async function compileEntry(
  work: Work,
  enter: Enter,
  tool: ToolDefinition,
  index: number,
): Promise<ToolEntry | undefined> {
  try {
    return await toEntry(work, enter, tool);
  } catch (error) {
    work.report(`/tools/${index}/handler`, error);
    return undefined;
  }
}

/** A tool of an upstream that cannot be served is left out: no definition of others keeps this one from starting. */
export async function compileFederated(
  work: Work,
  enter: Enter,
  { tools }: FederatedContents,
): Promise<readonly ToolEntry[]> {
  const entries = tools.map(async ({ definition, hints }) => {
    try {
      return await toEntry(work, enter, definition, hints);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const { slug } = work.loaded.definition;
      work.deps.log.warn(
        { server: slug, tool: definition.name, reason },
        'A tool of an upstream is left out.',
      );
      return undefined;
    }
  });
  return (await Promise.all(entries)).filter((entry) => entry !== undefined);
}

async function toEntry(
  work: Work,
  enter: Enter,
  tool: ToolDefinition,
  foreignHints?: ToolAnnotations,
): Promise<ToolEntry> {
  const { definition } = work.loaded;
  const compiled = await compileTool({
    definition,
    tool,
    listedName: listedToolName(tool.name, definition.toolNames),
    factories: work.parts.factories,
    context: handlerContext(work, tool),
    redactor: work.deps.redactor,
    ...(foreignHints === undefined ? {} : { foreignHints }),
  });
  work.closers.push(() => compiled.close());
  work.files.push(...compiled.files);
  const entry = enter(compiled.tool, toolTarget(tool, compiled.tool));
  return { ...entry, headerParameters: headerParametersOf(compiled.tool.spec.inputSchema) };
}

/** They demand nothing themselves: what is found, and what is called, is judged as itself. */
export function compileDiscovery(
  tools: readonly ToolEntry[],
  definition: Definition,
  enter: Enter,
): readonly ToolEntry[] {
  return discoveryTools(tools, definition).map((tool) => {
    const { spec } = tool;
    const permission = { anyOf: [], allOf: [] };
    const entry = enter(tool, { kind: 'tool', name: spec.name, permission, tool: spec });
    return { ...entry, headerParameters: [] };
  });
}
