// Plans without a compiler, for tests of the protocol and the transports: tools are functions.

import type { HeaderParameter } from '../../src/definition/header-parameters.ts';
import { QuaysideError } from '../../src/errors.ts';
import { bodyStage } from '../../src/gate/body.ts';
import { hostStage } from '../../src/gate/host.ts';
import type { PreparedRequestStage, PreparedStage, Target } from '../../src/gate/stage.ts';
import {
  type Entry,
  LIST_METHODS,
  type Plan,
  type PlanChange,
  type PlanHolder,
  type ServerPlan,
  type ToolEntry,
  type VisibleLists,
} from '../../src/plan/server-plan.ts';
import type {
  Call,
  Principal,
  Prompt,
  PromptResult,
  Resource,
  ResourceTemplate,
  ToolResult,
} from '../../src/tool.ts';
import { testDefinition } from './definition.ts';

export interface HandMadeTool {
  readonly run: (call: Call) => Promise<ToolResult> | ToolResult;
  readonly inputSchema?: Readonly<Record<string, unknown>>;
  readonly outputSchema?: Readonly<Record<string, unknown>>;
  readonly headerParameters?: readonly HeaderParameter[];
}

export interface HandMadePrompt {
  readonly arguments?: readonly { readonly name: string; readonly required: boolean }[];
  readonly get: (call: Call) => Promise<PromptResult> | PromptResult;
}

export interface HandMadeServer {
  readonly slug?: string;
  readonly version?: string;
  readonly definition?: Readonly<Record<string, unknown>>;
  readonly tools?: Readonly<Record<string, HandMadeTool>>;
  readonly prompts?: Readonly<Record<string, HandMadePrompt>>;
  readonly resources?: readonly Resource[];
  readonly resourceTemplates?: readonly ResourceTemplate[];
  /** Keys and who they are; without any, everybody is anonymous. */
  readonly keys?: Readonly<Record<string, Principal>>;
  /** Stages that every operation passes. */
  readonly stages?: readonly PreparedStage[];
}

export const ANONYMOUS: Principal = {
  type: 'anonymous',
  id: 'anonymous',
  name: 'anonymous',
  tenantId: 'default',
  roles: [],
  permissions: ['*'],
};

export function keyPrincipal(id: string): Principal {
  return { ...ANONYMOUS, type: 'key', id, name: id };
}

/** What most tools answer. */
export function text(value: string): ToolResult {
  return { content: [{ type: 'text', text: value }] };
}

export function handMadeServer(options: HandMadeServer): ServerPlan {
  const slug = options.slug ?? 'test';
  const definition = testDefinition({ slug, ...options.definition });
  const enter = <Item>(item: Item, kind: Target['kind'], name: string): Entry<Item> => ({
    item,
    target: { kind, name, permission: { anyOf: [], allOf: [] } },
    stages: options.stages ?? [],
  });
  const tools = Object.entries(options.tools ?? {}).map(([name, tool]) => toolEntry(name, tool, enter));
  const prompts = Object.entries(options.prompts ?? {}).map(([name, prompt]) => promptOf(name, prompt));
  const resources = options.resources ?? [];
  const resourceTemplates = options.resourceTemplates ?? [];
  const visible: VisibleLists = {
    tools: tools.map(({ item }) => item.spec),
    prompts: prompts.map(({ spec }) => spec),
    resources: resources.map(({ spec }) => spec),
    resourceTemplates: resourceTemplates.map(({ spec }) => spec),
  };
  return {
    slug,
    definition,
    version: options.version ?? '1',
    requestStages: requestStages(definition, slug, options.keys),
    tools: new Map(tools.map((entry) => [entry.item.spec.name, entry])),
    prompts: new Map(prompts.map((prompt) => [prompt.spec.name, enter(prompt, 'prompt', prompt.spec.name)])),
    resources: new Map(resources.map((item) => [item.spec.uri, enter(item, 'resource', item.spec.uri)])),
    resourceTemplates: resourceTemplates.map((item) => enter(item, 'resource', item.spec.uriTemplate)),
    lists: new Map(LIST_METHODS.map((method) => [method, enter(undefined, 'list', method)])),
    visibleTo: () => visible,
    close: () => Promise.resolve(),
  };
}

export interface HandMadePlans extends PlanHolder {
  /** Puts other servers in force and tells `changes`. */
  swap(servers: readonly ServerPlan[], changes: readonly PlanChange[]): void;
  /** How many holders the plan in force has. */
  users(): number;
}

/** The first server is the default one. */
export function handMadePlans(servers: readonly ServerPlan[]): HandMadePlans {
  let current = planOf(servers);
  let users = 0;
  const listeners = new Set<(change: PlanChange) => void>();
  const acquire = () => {
    users++;
    let isReleased = false;
    return () => {
      if (!isReleased) users--;
      isReleased = true;
    };
  };
  return {
    current: () => current,
    acquire,
    acquireServer: acquire,
    onSwap(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    swap(next, changes) {
      current = planOf(next);
      for (const change of changes) for (const listener of listeners) listener(change);
    },
    users: () => users,
  };
}

function planOf(servers: readonly ServerPlan[]): Plan {
  const [defaultServer] = servers;
  if (defaultServer === undefined) throw new RangeError('a plan needs a server');
  return { servers: new Map(servers.map((server) => [server.slug, server])), defaultServer };
}

function toolEntry(
  name: string,
  tool: HandMadeTool,
  enter: <Item>(item: Item, kind: Target['kind'], name: string) => Entry<Item>,
): ToolEntry {
  const item = {
    spec: {
      name,
      listedName: name,
      description: `Tool ${name}.`,
      inputSchema: tool.inputSchema ?? { type: 'object' },
      ...(tool.outputSchema === undefined ? {} : { outputSchema: tool.outputSchema }),
      annotations: {},
      tags: [],
      timeoutMs: 5000,
      permissions: [],
    },
    run: async (call: Call) => tool.run(call),
  };
  return { ...enter(item, 'tool', name), headerParameters: tool.headerParameters ?? [] };
}

function promptOf(name: string, prompt: HandMadePrompt): Prompt {
  return {
    spec: { name, description: `Prompt ${name}.`, arguments: prompt.arguments ?? [] },
    get: async (call) => prompt.get(call),
    complete: (_argument, value) => ['red', 'green', 'grey'].filter((word) => word.startsWith(value)),
  };
}

function requestStages(
  definition: ReturnType<typeof testDefinition>,
  slug: string,
  keys: Readonly<Record<string, Principal>> | undefined,
): readonly PreparedRequestStage[] {
  const server = { slug, definition };
  const credential: PreparedRequestStage = {
    name: 'credential',
    enter(exchange) {
      const key = exchange.headers['x-api-key'];
      exchange.principal = keys === undefined ? ANONYMOUS : keys[String(key)];
      if (exchange.principal !== undefined || exchange.credentialOptional) return undefined;
      return new QuaysideError('unauthenticated', { headers: { 'WWW-Authenticate': 'Bearer' } });
    },
  };
  const host = hostStage({ bindHost: '127.0.0.1', allowedHosts: [] }).prepare(server);
  return [host, bodyStage.prepare(server), credential].filter((stage) => stage !== undefined);
}
