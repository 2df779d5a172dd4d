// What each kind of item demands of who reaches for it (governance §4).
import type { Tool as ToolDefinition } from '../definition/schema/tool.ts';
import type { Target } from '../gate/stage.ts';
import type { Permission, Tool } from '../tool.ts';
import type { ListMethod } from './server-plan.ts';

/** What its stages know of a tool. */
export function toolTarget(tool: ToolDefinition, { spec, reconcile }: Tool): Target {
  return {
    kind: 'tool',
    name: spec.name,
    permission: toolPermission(tool, spec.listedName),
    tool: spec,
    ...(reconcile === undefined ? {} : { reconcile }),
  };
}

/** `tools:<name>` under either name, or `tools:call`, and what the tool demands besides. */
export function toolPermission(
  tool: Pick<ToolDefinition, 'name' | 'permissions'>,
  listedName: string,
): Permission {
  const names = new Set([`tools:${tool.name}`, `tools:${listedName}`]);
  return { anyOf: [...names, 'tools:call'], allOf: tool.permissions };
}

/** `prompts:<name>` or `prompts:get`. */
export function promptTarget(name: string): Target {
  return { kind: 'prompt', name, permission: { anyOf: [`prompts:${name}`, 'prompts:get'], allOf: [] } };
}

/** `resources:<uri>`, its last path segment as in the configurable framework, or `resources:read`. */
export function resourceTarget(uri: string): Target {
  const segment = uri.slice(uri.lastIndexOf('/') + 1);
  const names =
    segment === '' || segment === uri ? [`resources:${uri}`] : [`resources:${uri}`, `resources:${segment}`];
  return { kind: 'resource', name: uri, permission: { anyOf: [...names, 'resources:read'], allOf: [] } };
}

const LIST_PERMISSIONS: Partial<Record<ListMethod, string>> = {
  'tools/list': 'tools:list',
  'prompts/list': 'prompts:list',
  'resources/list': 'resources:list',
  'resources/templates/list': 'resources:list',
};

/** The list permission of its area; methods that show no list demand none. */
export function listTarget(method: ListMethod): Target {
  const permission = LIST_PERMISSIONS[method];
  return {
    kind: 'list',
    name: method,
    permission: { anyOf: permission === undefined ? [] : [permission], allOf: [] },
  };
}
