// `_meta.ui` of a tool as hosts with MCP Apps read it (extension io.modelcontextprotocol/ui, 2026-01-26).
import type { ToolUi } from '../definition/schema/ui.ts';
import type { JsonObject } from '../tool.ts';

export function toolUiMeta({ resource, visibility }: ToolUi): JsonObject {
  return { resourceUri: resource, ...(visibility === undefined ? {} : { visibility }) };
}
