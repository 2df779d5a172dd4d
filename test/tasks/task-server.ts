// A server behind the whole gate whose tools are functions of the test, some of which may go on as tasks.

import type { Store } from '../../src/store/store.ts';
import type { Call, ToolResult } from '../../src/tool.ts';
import { type GatedServer, type GatedServerOptions, startGatedServer } from '../idempotency/gated-server.ts';
import { type Answered, type Json, modern } from '../support/http-endpoint.ts';

type Run = (call: Call) => Promise<ToolResult> | ToolResult;

/** A tool of the test: `support` as in a definition. */
export interface TestTool {
  readonly support: 'forbidden' | 'optional' | 'required';
  readonly repeatable?: boolean;
  readonly run: Run;
}

export const KEYS = { alice: 'alice-has-a-key-of-her-own', bob: 'bob-has-a-key-of-his-own-00' } as const;
/** May call nothing. */
export const POWERLESS = 'a-key-that-may-call-nothing-0';

export interface TaskServerOptions {
  readonly tools: Readonly<Record<string, TestTool>>;
  readonly store: Store;
  readonly leaseMs?: number;
  readonly gate?: GatedServerOptions['gate'];
  /** Everybody is anonymous. */
  readonly isOpen?: true;
}

export function startTaskServer({ tools, store, ...options }: TaskServerOptions): Promise<GatedServer> {
  return startGatedServer({
    definition: definitionOf(tools, options.isOpen === true),
    tasks: { store, ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }) },
    ...(options.gate === undefined ? {} : { gate: options.gate }),
    wrap:
      () =>
      (_handler, { toolName }) => ({
        timeoutMs: 60_000,
        annotations: {},
        run: async (call) => {
          const tool = tools[toolName];
          if (tool === undefined) throw new Error(`no tool ${toolName}`);
          return tool.run(call);
        },
      }),
  });
}

function definitionOf(tools: TaskServerOptions['tools'], isOpen: boolean): string {
  const keys = Object.entries(KEYS).map(([name, key]) => ({
    name,
    key,
    tenant: name === 'bob' ? 'other' : 'default',
  }));
  return JSON.stringify({
    name: 'tasks',
    version: '1.0.0',
    // Far fewer than tasks may be: those must not take the places of other calls.
    limits: { maxConcurrency: 8 },
    security: {
      rateLimit: { maxRequests: 10_000 },
      ...(isOpen
        ? {}
        : {
            authentication: {
              apiKeys: [...keys, { name: 'powerless', key: POWERLESS, permissions: ['prompts:none'] }],
            },
          }),
    },
    tools: Object.fromEntries(
      Object.entries(tools).map(([name, { support, repeatable }]) => [
        name,
        {
          description: `Does ${name}.`,
          http: 'POST https://example.test/',
          task: support,
          input: { 'n?': 'integer' },
          idempotency: { mode: 'none' },
          annotations: { readOnlyHint: false, idempotentHint: repeatable === true },
        },
      ]),
    ),
  });
}

/** What a modern client declares that knows tasks and can be asked. */
const KNOWS_TASKS = { elicitation: {}, extensions: { 'io.modelcontextprotocol/tasks': {} } };

/** A request of a modern client; `capabilities` default to one that knows tasks. */
export function ask(
  url: string,
  method: string,
  params: Readonly<Record<string, unknown>>,
  { key = KEYS.alice, capabilities = KNOWS_TASKS }: { key?: string; capabilities?: object } = {},
): Promise<Answered> {
  const { taskId } = params;
  return modern(url, {
    method,
    params,
    meta: { 'io.modelcontextprotocol/clientCapabilities': capabilities },
    headers: { 'x-api-key': key, ...(typeof taskId === 'string' ? { 'mcp-name': taskId } : {}) },
  });
}

/** Calls a tool that goes on, and answers the id of its task. */
export async function startTask(url: string, name: string, args: object = {}): Promise<string> {
  const { json } = await ask(url, 'tools/call', { name, arguments: args });
  if (json.result?.resultType !== 'task') throw new Error(`no task: ${JSON.stringify(json)}`);
  return json.result.taskId;
}

/** Asks for the task until it has one of these statuses. */
export async function taskWith(url: string, taskId: string, ...statuses: string[]): Promise<Json> {
  for (;;) {
    const { json } = await ask(url, 'tasks/get', { taskId });
    if (json.result === undefined || statuses.includes(json.result.status)) return json.result ?? json.error;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A gate that a test opens: tools wait at it. */
export function createDoor(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}
