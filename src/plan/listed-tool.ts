// A tool as clients read it in `tools/list`, and so as models see it.
import { listedInputSchema } from '../gate/idempotency/listed-schema.ts';
import type { JsonObject, ToolAnnotations, ToolSpec } from '../tool.ts';

/** One entry of `tools/list` (MCP: Tool). A server that is not ours may leave out more than ours does. */
export interface ListedTool {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema?: JsonObject;
  readonly annotations?: ToolAnnotations;
  readonly execution?: { readonly taskSupport: string };
  readonly _meta?: JsonObject;
}

/** The entry of a tool. */
export function toListedTool(spec: ToolSpec): ListedTool {
  return {
    name: spec.listedName,
    ...(spec.title === undefined ? {} : { title: spec.title }),
    description: spec.description,
    inputSchema: listedInputSchema(spec),
    ...(spec.outputSchema === undefined ? {} : { outputSchema: spec.outputSchema }),
    annotations:
      spec.foreignHints === undefined ? spec.annotations : { ...spec.foreignHints, ...spec.annotations },
    ...(spec.taskSupport === undefined ? {} : { execution: { taskSupport: spec.taskSupport } }),
    ...(spec.meta === undefined ? {} : { _meta: spec.meta }),
  };
}
