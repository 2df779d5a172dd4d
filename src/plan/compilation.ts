// Shapes of the compilation of one definition: what it is given, what it gathers on its way, and what comes of it.
import type { LoadedDefinition } from '../definition/load.ts';
import type { Tool as ToolDefinition } from '../definition/schema/tool.ts';
import type { OperationStage, RequestStage, Target } from '../gate/stage.ts';
import type { HandlerContext } from '../handlers/handler.ts';
import type { Federated } from '../handlers/mcp/federation.ts';
import type { Log } from '../telemetry/log.ts';
import type { Redactor } from '../telemetry/redact.ts';
import type { Resource, ResourceTemplate } from '../tool.ts';
import type { PackTool } from './pack-tool.ts';
import type { Entry, ServerPlan } from './server-plan.ts';
import type { HandlerFactories } from './tool-compiler.ts';
import type { RolloutStateOf } from './versions.ts';

/** What plans are compiled with. */
export interface CompileDeps {
  readonly requestStages: readonly RequestStage[];
  readonly operationStages: readonly OperationStage[];
  /**
   * Opens what the handlers of one definition work with, such as its databases; closed with the server's plan.
   * May throw {@link PartsError}: a problem of the definition.
   */
  readonly partsFor: (loaded: LoadedDefinition) => ServerParts | Promise<ServerParts>;
  /** Where rollouts stand; absent: none was ever started. */
  readonly rolloutStateOf?: RolloutStateOf;
  readonly log: Log;
  /** Keeps secrets out of what callers and operators are told of failures. */
  readonly redactor: Pick<Redactor, 'text' | 'value'>;
}

/** What the handlers of one server are made by and work with. */
export interface ServerParts {
  readonly factories: HandlerFactories;
  /** Tools that packs bring, besides those of the definition. */
  readonly packTools?: readonly PackTool[];
  /** Resources that packs bring; one of the definition at the same address is served in its place. */
  readonly packResources?: PackResources;
  /** What other servers bring, where the definition names some. */
  readonly federation?: Federation;
  /** Files that the parts were made from. */
  readonly files?: readonly string[];
  /** What could not be made, each at its place in the definition. */
  readonly problems?: readonly { readonly pointer: string; readonly error: unknown }[];
  close(): Promise<void>;
}

/** The resources of the packs of one server. */
export interface PackResources {
  readonly resources: readonly Resource[];
  readonly resourceTemplates: readonly ResourceTemplate[];
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

/** What one compilation gathers on its way. */
export interface Work {
  readonly loaded: LoadedDefinition;
  readonly deps: CompileDeps;
  readonly parts: ServerParts;
  readonly problems: PlanProblem[];
  readonly closers: (() => Promise<void> | void)[];
  readonly files: string[];
  report(pointer: string, error: unknown): void;
}

/** Gives an item the stages of its target. */
export type Enter = <Item>(item: Item, target: Target) => Entry<Item>;

type NamedTool = Pick<ToolDefinition, 'name' | 'inputSchema'> &
  Partial<Pick<ToolDefinition, 'tags' | 'sandbox' | 'annotations' | 'timeout' | 'outputSchema'>>;

/** What a handler is told of the tool that it is prepared for. */
export function handlerContext({ loaded, deps }: Work, tool: NamedTool): HandlerContext {
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
