// Turns one tool of a definition into a Tool: its handler prepared, its timeout bound, its failures made results.
import type { Definition } from '../definition/schema/definition.ts';
import type { Handler, HandlerKind } from '../definition/schema/handler.ts';
import type { Tool as ToolDefinition } from '../definition/schema/tool.ts';
import { HandlerError, InputRequiredSignal, QuaysideError } from '../errors.ts';
import type { HandlerContext, HandlerFactory, PreparedHandler } from '../handlers/handler.ts';
import { toErrorResult } from '../handlers/result.ts';
import type { Log } from '../telemetry/log.ts';
import type { Redactor } from '../telemetry/redact.ts';
import type { Call, JsonObject, Tool, ToolAnnotations, ToolResult, ToolSpec } from '../tool.ts';
import { withDeadline } from './deadline.ts';
import { createProjection } from './projection.ts';
import { createReconcile, reconcileContext } from './reconciler.ts';
import { toolUiMeta } from './tool-ui-meta.ts';

/** The handler kinds of this process; a kind that is absent is refused when a plan is built. */
export type HandlerFactories = {
  readonly [Kind in HandlerKind]?: HandlerFactory<Extract<Handler, { type: Kind }>>;
};

/**
 * What a handler gets when its own `timeout` says nothing (spec servers §2.4). Absent for `prompt`: there the model's
 * own timeout stands, which raises the cap like that of a tool (ruling "Request timeout").
 */
const DEFAULT_TIMEOUT_MS: Readonly<Partial<Record<HandlerKind, number>>> = {
  inline: 5000,
  file: 5000,
  http: 5000,
  registry: 5000,
  sql: 30_000,
  mcp: 30_000,
};

export interface CompiledTool {
  readonly tool: Tool;
  readonly files: readonly string[];
  close(): Promise<void>;
}

/** Ten minutes: what takes longer says so itself. A round that waits for a person's answer is not counted. */
const TASK_TIMEOUT_MS = 600_000;

/** The tool with the timeout that a task gets where its author chose none. */
export function withTaskTimeout(tool: ToolDefinition): ToolDefinition {
  if (tool.task === undefined || tool.task === 'forbidden' || tool.timeout !== undefined) return tool;
  return { ...tool, timeout: TASK_TIMEOUT_MS };
}

/** Throws HandlerError when the handler cannot be prepared. */
export async function compileTool(options: {
  readonly definition: Definition;
  readonly tool: ToolDefinition;
  readonly listedName: string;
  readonly factories: HandlerFactories;
  readonly context: HandlerContext;
  readonly redactor: Pick<Redactor, 'text' | 'value'>;
  /** Only for tools that an upstream brings: what it says of them. */
  readonly foreignHints?: ToolAnnotations;
}): Promise<CompiledTool> {
  const { definition, tool, factories, context, redactor } = options;
  const handler = await prepareHandler(tool.handler, factories, context);
  const timeoutMs = effectiveTimeout(definition, tool, handler);
  // Before the result is checked, kept or replayed: what is left out was never there.
  const project = tool.fields === undefined ? undefined : createProjection(tool.fields);
  const projected =
    project === undefined ? handler.run : async (call: Call) => project(await handler.run(call));
  const run = withDeadline(projected, timeoutMs);
  const { idempotency } = tool;
  const asked = await prepareReconcile(idempotency, factories, context);
  return {
    tool: {
      spec: specOf(tool, { ...options, handler, timeoutMs }),
      ...(idempotency === undefined || asked === undefined
        ? {}
        : { reconcile: createReconcile(idempotency, asked, project ?? ((result) => result)) }),
      run: (call) => runGuarded(run, call, { log: context.log, redactor }),
    },
    files: [...(handler.files ?? []), ...(asked?.files ?? [])],
    async close() {
      await Promise.all([handler.close?.(), asked?.close?.()]);
    },
  };
}

/** What is asked after calls whose end nobody saw; most tools have nothing. */
function prepareReconcile(
  idempotency: ToolDefinition['idempotency'],
  factories: HandlerFactories,
  context: HandlerContext,
): Promise<PreparedHandler> | PreparedHandler | undefined {
  if (idempotency?.reconcile === undefined) return undefined;
  return prepareHandler(idempotency.reconcile, factories, reconcileContext(idempotency, context));
}

/** Finds the factory of a handler's kind and prepares it. */
export function prepareHandler(
  handler: Handler,
  factories: HandlerFactories,
  context: HandlerContext,
): Promise<PreparedHandler> | PreparedHandler {
  // The map's type ties each kind to its factory; looking up by a union loses that tie.
  const factory = factories[handler.type] as HandlerFactory<Handler> | undefined;
  if (factory === undefined) {
    throw new HandlerError(
      'HANDLER_CONFIG_ERROR',
      `Handlers of type ${handler.type} are not in this version.`,
    );
  }
  return factory(handler, context);
}

/** Expected failures become results that the model can read; only protocol errors and signals pass. */
export async function runGuarded(
  run: (call: Call) => Promise<ToolResult>,
  call: Call,
  { log, redactor }: { readonly log: Log; readonly redactor: Pick<Redactor, 'text' | 'value'> },
): Promise<ToolResult> {
  try {
    return await run(call);
  } catch (error) {
    if (error instanceof QuaysideError || error instanceof InputRequiredSignal) throw error;
    const failure = error instanceof HandlerError ? error : unexpected(error);
    log.warn({ request_id: call.requestId, code: failure.code, ...reasonOf(failure) }, 'handler failed');
    return toErrorResult(withoutSecrets(failure, redactor));
  }
}

/** What author code and services say of a failure goes to the caller: a secret that they repeat does not. */
function withoutSecrets(
  { code, message, details }: HandlerError,
  redactor: Pick<Redactor, 'text' | 'value'>,
): HandlerError {
  const clean = details === undefined ? undefined : redactor.value(details);
  return new HandlerError(code, redactor.text(message), isRecord(clean) ? { details: clean } : {});
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A stack helps where code of the author failed; where the network or a limit did, it says nothing. */
function reasonOf({ code, cause, message }: HandlerError): Record<string, unknown> {
  if (code === 'HANDLER_EXECUTION_ERROR') return { error: cause ?? { message } };
  return { reason: cause instanceof Error ? cause.message : message };
}

function unexpected(error: unknown): HandlerError {
  const message = error instanceof Error ? error.message : 'The handler failed.';
  return new HandlerError('HANDLER_EXECUTION_ERROR', message, { cause: error });
}

/** `limits.requestTimeout` caps what nobody chose; a tool's or handler's own longer timeout raises the cap. */
function effectiveTimeout(definition: Definition, tool: ToolDefinition, handler: PreparedHandler): number {
  if (tool.timeout !== undefined) return tool.timeout;
  const chosen = handler.timeoutMs !== DEFAULT_TIMEOUT_MS[tool.handler.type];
  return chosen ? handler.timeoutMs : Math.min(handler.timeoutMs, definition.limits.requestTimeout);
}

/** What a tool is, from its definition and what its handler says of itself. */
export function specOf(
  tool: ToolDefinition,
  made: {
    readonly listedName: string;
    readonly handler: Pick<PreparedHandler, 'annotations'>;
    readonly timeoutMs: number;
    readonly foreignHints?: ToolAnnotations;
  },
): ToolSpec {
  const { listedName, handler, timeoutMs, foreignHints } = made;
  const annotations = { ...handler.annotations, ...tool.annotations };
  const deprecation = tool.deprecated === false ? undefined : tool.deprecated;
  const meta: JsonObject = {
    ...(tool.tags.length === 0 ? {} : { 'quayside/tags': tool.tags }),
    ...(tool.version === undefined ? {} : { 'quayside/version': tool.version }),
    ...(tool.experimental === undefined ? {} : { 'quayside/experimental': tool.experimental }),
    ...(deprecation === undefined ? {} : { 'quayside/deprecated': deprecation }),
    ...(tool.handler.type === 'mcp' ? { 'quayside/upstream': tool.handler.upstream } : {}),
    ...(tool.ui === undefined ? {} : { ui: toolUiMeta(tool.ui) }),
  };
  return Object.freeze({
    name: tool.name,
    listedName,
    ...(tool.title === undefined ? {} : { title: tool.title }),
    description:
      deprecation === undefined ? tool.description : `${tool.description}\n\n${deprecationText(deprecation)}`,
    inputSchema: tool.inputSchema,
    ...(tool.outputSchema === undefined ? {} : { outputSchema: tool.outputSchema }),
    annotations,
    ...(foreignHints === undefined ? {} : { foreignHints }),
    tags: tool.tags,
    ...(Object.keys(meta).length === 0 ? {} : { meta }),
    timeoutMs,
    permissions: tool.permissions,
    ...(tool.rateLimit === undefined ? {} : { rateLimit: tool.rateLimit }),
    ...idempotencyOf(tool, annotations.readOnlyHint === true),
    ...(tool.task === undefined || tool.task === 'forbidden' ? {} : { taskSupport: tool.task }),
  });
}

/** Governance §7: any tool that is not read-only, unless its author says otherwise. */
function idempotencyOf(tool: ToolDefinition, isReadOnly: boolean): Pick<ToolSpec, 'idempotency'> {
  if (tool.idempotency === undefined && (isReadOnly || tool.cache?.enabled === true)) return {};
  const { mode, argument } = tool.idempotency ?? { mode: 'optional', argument: 'idempotency_key' };
  if (mode === 'none') return {};
  const { properties } = tool.inputSchema;
  const isDeclared =
    typeof properties === 'object' && properties !== null && Object.hasOwn(properties, argument);
  return { idempotency: { mode, argument, isDeclared } };
}

function deprecationText(deprecated: Exclude<ToolDefinition['deprecated'], false>): string {
  if (deprecated === true) return 'Deprecated.';
  const since = deprecated.since === undefined ? '' : ` since ${deprecated.since}`;
  const message = deprecated.message === undefined ? '' : `: ${deprecated.message}`;
  const replacement = deprecated.replacement === undefined ? '' : ` Use ${deprecated.replacement} instead.`;
  return `Deprecated${since}${message}.${replacement}`.replace('..', '.');
}
