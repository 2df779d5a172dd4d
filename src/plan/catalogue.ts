// What clients are shown of a server, from its definition alone: nothing is connected, started or read.
import type { Definition } from '../definition/schema/definition.ts';
import type { Tool as ToolDefinition } from '../definition/schema/tool.ts';
import { listedToolName } from '../definition/tool-name.ts';
import type { PreparedHandler } from '../handlers/handler.ts';
import { httpHints } from '../handlers/http/http-handler.ts';
import { SQL_HINTS } from '../handlers/sql/sql-handler.ts';
import type { PromptArgument } from '../tool.ts';
import type { ComparedTool } from './compatibility/compatibility.ts';
import { toListedTool } from './listed-tool.ts';
import { specOf } from './tool-compiler.ts';

/** Everything that a server lists. */
export interface Catalogue {
  readonly instructions?: string;
  readonly tools: readonly ComparedTool[];
  readonly prompts: readonly ListedPrompt[];
  readonly resources: readonly ListedResource[];
}

/** One entry of `prompts/list` (MCP: Prompt). */
export interface ListedPrompt {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly arguments: readonly PromptArgument[];
}

/** A resource under its URI, or a template under its URI template. */
export interface ListedResource {
  readonly uri: string;
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
}

/** In document order. What upstreams and packs add is known only to a running server. */
export function catalogueOf(definition: Definition): Catalogue {
  const { instructions, prompts, resources, resourceTemplates, toolNames } = definition;
  return {
    ...(instructions === undefined ? {} : { instructions }),
    tools: definition.tools
      .filter(({ enabled }) => enabled)
      .map((tool) => comparedTool(tool, listedToolName(tool.name, toolNames))),
    prompts: prompts.map((prompt) => ({
      name: prompt.name,
      ...words(prompt),
      arguments: prompt.arguments.map(({ name, description, required }) => ({ name, description, required })),
    })),
    resources: [
      ...resources.map((one) => ({ uri: one.uri, name: one.name, ...words(one) })),
      ...resourceTemplates.map((one) => ({ uri: one.uriTemplate, name: one.name, ...words(one) })),
    ],
  };
}

function comparedTool(tool: ToolDefinition, listedName: string): ComparedTool {
  const { handler, permissions, idempotency, approval } = tool;
  const hints: Pick<PreparedHandler, 'annotations'> =
    handler.type === 'http'
      ? { annotations: httpHints(handler) }
      : handler.type === 'sql'
        ? { annotations: SQL_HINTS }
        : {};
  return {
    ...toListedTool(specOf(tool, { listedName, handler: hints, timeoutMs: 0 })),
    demands: [
      ...permissions.map((permission) => `permission ${permission}`),
      ...(idempotency?.mode === 'required' ? ['an idempotency key'] : []),
      ...(approval?.required === true ? ['approval by a person'] : []),
    ],
  };
}

interface Words {
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly mimeType?: string | undefined;
}

function words({ title, description, mimeType }: Words): Pick<ListedResource, keyof Words> {
  return {
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(mimeType === undefined ? {} : { mimeType }),
  };
}
