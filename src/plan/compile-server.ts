// Compiles one definition into a ServerPlan. Collects every problem instead of stopping at the first.
import { createHash } from 'node:crypto';
import type { LoadedDefinition } from '../definition/load.ts';
import type { Definition } from '../definition/schema/definition.ts';
import type { Handler } from '../definition/schema/handler.ts';
import { HandlerError } from '../errors.ts';
import type { GateServer, OperationStage } from '../gate/stage.ts';
import { createContent } from '../handlers/content/content.ts';
import type { PreparedHandler } from '../handlers/handler.ts';
import type { JsonObject } from '../tool.ts';
import {
  type CompileDeps,
  type CompiledServer,
  type Enter,
  type FederatedContents,
  handlerContext,
  PartsError,
  type PlanProblem,
  type ServerParts,
  type Work,
} from './compilation.ts';
import { compileDiscovery, compileFederated, compileTools } from './compile-tools.ts';
import { type Entry, LIST_METHODS, type ServerPlan, type ToolEntry } from './server-plan.ts';
import { listTarget, promptTarget, resourceTarget } from './target.ts';
import { prepareHandler } from './tool-compiler.ts';
import { compileHiding, compileVisibility } from './visibility.ts';

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
    visibleTo: compileVisibility(
      { ...items, tools: meta.length === 0 ? tools : meta },
      definition,
      federation?.staleTools(definition.tools),
    ),
    ...compileHiding(definition),
    async close() {
      await Promise.all(work.closers.map((close) => close()));
      await work.parts.close();
    },
  };
  return { server: Object.freeze(server), files: work.files, problems: work.problems };
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

/** Prepares the stages that a target needs; most targets skip some. */
function entryMaker(stages: readonly OperationStage[], gate: GateServer): Enter {
  return (item, target) => ({
    item,
    target,
    stages: stages.map((stage) => stage.prepare(target, gate)).filter((stage) => stage !== undefined),
  });
}

const NO_RESOURCES = { resources: [], resourceTemplates: [] };
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
  const { packResources: packs = NO_RESOURCES } = work.parts;
  const written = [...content.resources, ...federated.resources];
  const taken = new Set(written.map(({ spec }) => spec.uri));
  const resources = [...written, ...packs.resources.filter(({ spec }) => !taken.has(spec.uri))];
  const resourceTemplates = [
    ...content.resourceTemplates,
    ...federated.resourceTemplates,
    ...packs.resourceTemplates,
  ];
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
