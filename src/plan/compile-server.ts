// Compiles one definition into a ServerPlan. Collects every problem instead of stopping at the first.
import { createHash } from 'node:crypto';
import type { LoadedDefinition } from '../definition/load.ts';
import type { Definition } from '../definition/schema/definition.ts';
import type { Handler } from '../definition/schema/handler.ts';
import type { Tool as ToolDefinition } from '../definition/schema/tool.ts';
import { listedToolName } from '../definition/tool-name.ts';
import { HandlerError } from '../errors.ts';
import type { GateServer, OperationStage, RequestStage, Target } from '../gate/stage.ts';
import { createContent } from '../handlers/content/content.ts';
import type { HandlerContext, PreparedHandler } from '../handlers/handler.ts';
import type { Log } from '../telemetry/log.ts';
import type { Redactor } from '../telemetry/redact.ts';
import type { JsonObject } from '../tool.ts';
import { discoveryTools } from './discovery.ts';
import { headerParametersOf } from './header-parameters.ts';
import { type Entry, LIST_METHODS, type ServerPlan, type ToolEntry } from './server-plan.ts';
import { listTarget, promptTarget, resourceTarget, toolTarget } from './target.ts';
import { compileTool, type HandlerFactories, prepareHandler } from './tool-compiler.ts';
import { compileHiding, compileVisibility } from './visibility.ts';

/** What plans are compiled with. */
export interface CompileDeps {
  readonly requestStages: readonly RequestStage[];
  readonly operationStages: readonly OperationStage[];
  /**
   * Opens what the handlers of one definition work with, such as its databases; closed with the server's plan.
   * May throw: the message is then a problem of the definition.
   */
  readonly partsFor: (loaded: LoadedDefinition) => ServerParts;
  readonly log: Log;
  /** Keeps secrets out of what callers and operators are told of failures. */
  readonly redactor: Pick<Redactor, 'text' | 'value'>;
}

/** What the handlers of one server are made by and work with. */
export interface ServerParts {
  readonly factories: HandlerFactories;
  close(): Promise<void>;
}

/** One thing of a definition that could not be prepared. */
export interface PlanProblem {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly pointer: string;
  readonly message: string;
}

/** A server that must be closed, whether or not there were problems. */
export interface CompiledServer {
  readonly server: ServerPlan;
  /** Files that its handlers were made from. */
  readonly files: readonly string[];
  readonly problems: readonly PlanProblem[];
}

/** Never rejects for what an author can cause. */
export async function compileServer(loaded: LoadedDefinition, deps: CompileDeps): Promise<CompiledServer> {
  const work = beginWork(loaded, deps);
  const { definition } = loaded;
  const gate: GateServer = { slug: definition.slug, definition };
  const enter = entryMaker(deps.operationStages, gate);
  const tools = await compileTools(work, enter);
  const { prompts, resources, resourceTemplates } = await compileContent(work, enter);
  const lists = new Map(LIST_METHODS.map((method) => [method, enter(undefined, listTarget(method))]));
  const items = { tools, prompts, resources, resourceTemplates };
  const meta = definition.discovery === 'search' ? compileDiscovery(tools, definition, enter) : [];
  const server: ServerPlan = {
    slug: definition.slug,
    definition,
    version: versionOf(items),
    requestStages: deps.requestStages
      .map((stage) => stage.prepare(gate))
      .filter((stage) => stage !== undefined),
    ...items,
    tools: toolsByEitherName([...tools, ...meta]),
    lists,
    visibleTo: compileVisibility({ ...items, tools: meta.length === 0 ? tools : meta }, definition),
    ...compileHiding(definition),
    async close() {
      await Promise.all(work.closers.map((close) => close()));
      await work.parts.close();
    },
  };
  return { server: Object.freeze(server), files: work.files, problems: work.problems };
}

/** What one compilation gathers on its way. */
interface Work {
  readonly loaded: LoadedDefinition;
  readonly deps: CompileDeps;
  readonly parts: ServerParts;
  readonly problems: PlanProblem[];
  readonly closers: (() => Promise<void> | void)[];
  readonly files: string[];
  report(pointer: string, error: unknown): void;
}

const NO_PARTS: ServerParts = { factories: {}, close: () => Promise.resolve() };

function beginWork(loaded: LoadedDefinition, deps: CompileDeps): Work {
  const problems: PlanProblem[] = [];
  const report = (pointer: string, error: unknown): void => {
    const problem = problemAt(loaded, pointer, error);
    problems.push({ ...problem, message: deps.redactor.text(problem.message) });
  };
  let parts = NO_PARTS;
  try {
    parts = deps.partsFor(loaded);
  } catch (error) {
    report('/databases', error);
  }
  return { loaded, deps, parts, problems, closers: [], files: [], report };
}

type Enter = <Item>(item: Item, target: Target) => Entry<Item>;

/** Prepares the stages that a target needs; most targets skip some. */
function entryMaker(stages: readonly OperationStage[], gate: GateServer): Enter {
  return (item, target) => ({
    item,
    target,
    stages: stages.map((stage) => stage.prepare(target, gate)).filter((stage) => stage !== undefined),
  });
}

async function compileTools(work: Work, enter: Enter): Promise<readonly ToolEntry[]> {
  const { tools } = work.loaded.definition;
  const entries = await Promise.all(
    tools.map((tool, index) => (tool.enabled ? compileEntry(work, enter, tool, index) : undefined)),
  );
  return entries.filter((entry) => entry !== undefined);
}

async function compileEntry(
  work: Work,
  enter: Enter,
  tool: ToolDefinition,
  index: number,
): Promise<ToolEntry | undefined> {
  const { definition } = work.loaded;
  try {
    const compiled = await compileTool({
      definition,
      tool,
      listedName: listedToolName(tool.name, definition.toolNames),
      factories: work.parts.factories,
      context: handlerContext(work, tool),
      redactor: work.deps.redactor,
    });
    work.closers.push(() => compiled.close());
    work.files.push(...compiled.files);
    const { spec } = compiled.tool;
    const entry = enter(compiled.tool, toolTarget(tool, compiled.tool));
    return { ...entry, headerParameters: headerParametersOf(spec.inputSchema) };
  } catch (error) {
    work.report(`/tools/${index}/handler`, error);
    return undefined;
  }
}

/** They demand nothing themselves: what is found, and what is called, is judged as itself. */
function compileDiscovery(
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

async function compileContent(work: Work, enter: Enter) {
  const { definition, baseDirectory } = work.loaded;
  const content = await createContent(definition, {
    baseDirectory,
    prepareHandler: (handler, name, inputSchema) =>
      prepareContentHandler(work, handler, { name, inputSchema }),
    report: work.report,
  });
  work.files.push(...content.files);
  return {
    prompts: new Map(
      content.prompts.map((item) => [item.spec.name, enter(item, promptTarget(item.spec.name))]),
    ),
    resources: new Map(
      content.resources.map((item) => [item.spec.uri, enter(item, resourceTarget(item.spec.uri))]),
    ),
    resourceTemplates: content.resourceTemplates.map((item) =>
      enter(item, resourceTarget(item.spec.uriTemplate)),
    ),
  };
}

async function prepareContentHandler(
  work: Work,
  handler: Handler,
  named: { readonly name: string; readonly inputSchema: JsonObject },
): Promise<PreparedHandler> {
  const prepared = await prepareHandler(handler, work.parts.factories, handlerContext(work, named));
  work.closers.push(() => prepared.close?.());
  work.files.push(...(prepared.files ?? []));
  return prepared;
}

type NamedTool = Pick<ToolDefinition, 'name' | 'inputSchema'> &
  Partial<Pick<ToolDefinition, 'tags' | 'sandbox' | 'annotations' | 'timeout'>>;

function handlerContext({ loaded, deps }: Work, tool: NamedTool): HandlerContext {
  const { definition } = loaded;
  return {
    serverSlug: definition.slug,
    serverName: definition.name,
    serverVersion: definition.version,
    toolName: tool.name,
    tags: tool.tags ?? [],
    baseDirectory: loaded.baseDirectory,
    trusted: loaded.trusted,
    sandbox: tool.sandbox,
    ...(tool.annotations === undefined ? {} : { annotations: tool.annotations }),
    toolTimeoutMs: tool.timeout,
    inputSchema: tool.inputSchema,
    log: deps.log.child({ server: definition.slug, tool: tool.name }),
  };
}

/** Calls name a tool either way (spec servers §8). */
function toolsByEitherName(tools: readonly ToolEntry[]): ReadonlyMap<string, ToolEntry> {
  const byName = new Map<string, ToolEntry>();
  for (const entry of tools) byName.set(entry.item.spec.name, entry);
  for (const entry of tools) byName.set(entry.item.spec.listedName, entry);
  return byName;
}

/** Differs when any list does, also where a handler and not the definition changed it. */
function versionOf(
  items: Pick<ServerPlan, 'prompts' | 'resources' | 'resourceTemplates'> & {
    readonly tools: readonly ToolEntry[];
  },
): string {
  const entries: readonly Entry<{ readonly spec: unknown }>[] = [
    ...items.tools,
    ...items.prompts.values(),
    ...items.resources.values(),
    ...items.resourceTemplates,
  ];
  const specs = entries.map((entry) => entry.item.spec);
  return createHash('sha256').update(JSON.stringify(specs)).digest('base64url').slice(0, 16);
}

function problemAt(loaded: LoadedDefinition, pointer: string, error: unknown): PlanProblem {
  const position = loaded.locate(pointer);
  const message =
    error instanceof HandlerError
      ? `${error.message} (${error.code})`
      : String(error instanceof Error ? error.message : error);
  return { file: loaded.file, ...position, pointer, message };
}
