// Compiles one definition into a ServerPlan. Collects every problem instead of stopping at the first.
import { createHash } from 'node:crypto';
import { headerParametersOf } from '../definition/header-parameters.ts';
import type { LoadedDefinition } from '../definition/load.ts';
import type { Definition } from '../definition/schema/definition.ts';
import type { Handler } from '../definition/schema/handler.ts';
import type { Tool as ToolDefinition } from '../definition/schema/tool.ts';
import { listedToolName } from '../definition/tool-name.ts';
import { HandlerError } from '../errors.ts';
import type { GateServer, OperationStage, RequestStage, Target } from '../gate/stage.ts';
import { createContent } from '../handlers/content/content.ts';
import type { HandlerContext, PreparedHandler } from '../handlers/handler.ts';
import type { Federated } from '../handlers/mcp/federation.ts';
import type { Log } from '../telemetry/log.ts';
import type { Redactor } from '../telemetry/redact.ts';
import type { JsonObject, ToolAnnotations } from '../tool.ts';
import { compilePackTool, type PackTool } from './pack-tool.ts';
import { type Entry, LIST_METHODS, type ServerPlan, type ToolEntry } from './server-plan.ts';
import { listTarget, promptTarget, resourceTarget, toolTarget } from './target.ts';
import { compileTool, type HandlerFactories, prepareHandler, withTaskTimeout } from './tool-compiler.ts';
import type { RolloutStateOf } from './versions.ts';
import { compileHiding, compileVisibility } from './visibility.ts';

/** What plans are compiled with. */
export interface CompileDeps {
  readonly requestStages: readonly RequestStage[];
  readonly operationStages: readonly OperationStage[];
  /**
   * Opens what the handlers of one definition work with, such as its databases; closed with the server's plan.
   * May throw {@link PartsError}: a problem of the definition.
   */
  /** Where rollouts stand; absent: none was ever started. */
  readonly rolloutStateOf?: RolloutStateOf;
  readonly partsFor: (loaded: LoadedDefinition) => ServerParts | Promise<ServerParts>;
  readonly log: Log;
  /** Keeps secrets out of what callers and operators are told of failures. */
  readonly redactor: Pick<Redactor, 'text' | 'value'>;
}

/** What the handlers of one server are made by and work with. */
export interface ServerParts {
  readonly factories: HandlerFactories;
  /** Tools that packs bring, besides those of the definition. */
  readonly packTools?: readonly PackTool[];
  /** What other servers bring, where the definition names some. */
  readonly federation?: Federation;
  /** Files that the parts were made from. */
  readonly files?: readonly string[];
  /** What could not be made, each at its place in the definition. */
  readonly problems?: readonly { readonly pointer: string; readonly error: unknown }[];
  close(): Promise<void>;
}

/** Something that a definition names cannot be opened; `pointer` says where it names it. */
export class PartsError extends Error {
  readonly pointer: string;

  constructor(pointer: string, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'PartsError';
    this.pointer = pointer;
  }
}

/** The upstreams of one definition, as far as its plan needs to know of them. */
export interface Federation {
  /** What they offer now. Calls `report` with what keeps the definition from being served. */
  contents(report: (pointer: string, error: unknown) => void): Promise<FederatedContents>;
  /** Of these tools of the plan, those whose upstream cannot be reached; another set whenever they are others. */
  staleTools(tools: readonly ToolDefinition[]): () => ReadonlySet<string>;
}

/** What upstreams bring into a server. */
export type FederatedContents = Omit<Federated, 'problems'>;

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
  const work = await beginWork(loaded, deps);
  const { federation } = work.parts;
  const federated = (await federation?.contents(work.report)) ?? NOTHING_FEDERATED;
  const definition = withFederated(loaded.definition, federated);
  const gate: GateServer = { slug: definition.slug, definition };
  const enter = entryMaker(deps.operationStages, gate);
  const tools = [...(await compileTools(work, enter)), ...(await compileFederated(work, enter, federated))];
  const { prompts, resources, resourceTemplates } = await compileContent(work, enter, federated);
  const lists = new Map(LIST_METHODS.map((method) => [method, enter(undefined, listTarget(method))]));
  const items = { tools, prompts, resources, resourceTemplates };
  const server: ServerPlan = {
    slug: definition.slug,
    definition,
    version: versionOf(items),
    requestStages: deps.requestStages
      .map((stage) => stage.prepare(gate))
      .filter((stage) => stage !== undefined),
    ...items,
    tools: toolsByEitherName(tools),
    lists,
    visibleTo: compileVisibility(items, definition, federation?.staleTools(definition.tools)),
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

async function beginWork(loaded: LoadedDefinition, deps: CompileDeps): Promise<Work> {
  const problems: PlanProblem[] = [];
  const report = (pointer: string, error: unknown): void => {
    const problem = problemAt(loaded, pointer, error);
    problems.push({ ...problem, message: deps.redactor.text(problem.message) });
  };
  let parts = NO_PARTS;
  try {
    parts = await deps.partsFor(loaded);
    for (const { pointer, error } of parts.problems ?? []) report(pointer, error);
  } catch (error) {
    report(error instanceof PartsError ? error.pointer : '', error);
  }
  return { loaded, deps, parts, problems, closers: [], files: [...(parts.files ?? [])], report };
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
    for (const name of [tool.spec.name, ...aliases]) {
      const index = own.get(name);
      if (index !== undefined)
        report(`/tools/${index}/name`, new Error(`'${name}' is a tool of a pack; choose another name.`));
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
async function compileFederated(
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

const NOTHING_FEDERATED: FederatedContents = { tools: [], prompts: [], resources: [], resourceTemplates: [] };

/** The gate looks tools up by name in the definition: those of upstreams stand there like any other. */
function withFederated(definition: Definition, { tools }: FederatedContents): Definition {
  if (tools.length === 0) return definition;
  return { ...definition, tools: [...definition.tools, ...tools.map((tool) => tool.definition)] };
}

async function compileContent(work: Work, enter: Enter, federated: FederatedContents) {
  const { definition, baseDirectory } = work.loaded;
  const content = await createContent(definition, {
    baseDirectory,
    prepareHandler: (handler, name, inputSchema) =>
      prepareContentHandler(work, handler, { name, inputSchema }),
    report: work.report,
  });
  work.files.push(...content.files);
  const prompts = [...content.prompts, ...federated.prompts];
  const resources = [...content.resources, ...federated.resources];
  const resourceTemplates = [...content.resourceTemplates, ...federated.resourceTemplates];
  return {
    prompts: new Map(prompts.map((item) => [item.spec.name, enter(item, promptTarget(item.spec.name))])),
    resources: new Map(resources.map((item) => [item.spec.uri, enter(item, resourceTarget(item.spec.uri))])),
    resourceTemplates: resourceTemplates.map((item) => enter(item, resourceTarget(item.spec.uriTemplate))),
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
  Partial<Pick<ToolDefinition, 'tags' | 'sandbox' | 'annotations' | 'timeout' | 'outputSchema'>>;

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
    outputSchema: tool.outputSchema,
    log: deps.log.child({ server: definition.slug, tool: tool.name }),
  };
}

/** Calls name a tool either way (spec servers §8). */
function toolsByEitherName(tools: readonly ToolEntry[]): ReadonlyMap<string, ToolEntry> {
  const byName = new Map<string, ToolEntry>();
  for (const entry of tools) for (const alias of entry.aliases ?? []) byName.set(alias, entry);
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
