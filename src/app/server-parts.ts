// What the handlers of one definition work with: its databases, the shared egress and worker pool.
import { type Databases, openDatabases } from '../databases/databases.ts';
import type { LoadedDefinition } from '../definition/load.ts';
import type { Definition } from '../definition/schema/definition.ts';
import { sizeBytes } from '../definition/size.ts';
import type { Egress } from '../egress/egress.ts';
import { QuaysideError } from '../errors.ts';
import { compileOutput } from '../gate/arguments/output.ts';
import { engineOf } from '../gate/arguments/shared-engine.ts';
import { createFileHandler, DEFAULT_MEMORY_MB } from '../handlers/file/file-handler.ts';
import { createHttpHandler } from '../handlers/http/http-handler.ts';
import { createInlineHandler } from '../handlers/inline/inline-handler.ts';
import { createMcpHandler } from '../handlers/mcp/mcp-handler.ts';
import { createPromptHandler } from '../handlers/prompt/prompt-handler.ts';
import { HandlerRegistry } from '../handlers/registry/handler-registry.ts';
import { loadPlugins } from '../handlers/registry/plugins.ts';
import { createRegistryHandler } from '../handlers/registry/registry-handler.ts';
import { createSqlHandler } from '../handlers/sql/sql-handler.ts';
import type { CallServiceDeps } from '../handlers/workers/call-services.ts';
import { type Models, openModels } from '../models/models.ts';
import { PartsError, type ServerParts } from '../plan/compilation.ts';
import { readResourceAs } from '../plan/read-resource.ts';
import type { ServerPlan } from '../plan/server-plan.ts';
import type { HandlerFactories } from '../plan/tool-compiler.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Call, ResourceContent } from '../tool.ts';
import type { HeldUpstreams, Upstreams } from '../upstreams/upstreams.ts';
import { createFederation } from './federation.ts';
import type { HandlerPools } from './handler-pools.ts';
import type { Packs, ServedPacks } from './packs.ts';

export interface ServerPartsDeps {
  readonly egress: Egress;
  readonly pools: HandlerPools;
  /** Reads a secret for code of an author. */
  readonly readSecret: (name: string) => Promise<string>;
  readonly telemetry: Telemetry;
  /** What serves a definition now, for handlers that read its resources. */
  readonly serverOf: (definition: Definition) => ServerPlan | undefined;
  readonly packs: Pick<Packs, 'serve'>;
  readonly upstreams: Pick<Upstreams, 'hold'>;
  /** The definition was read anew, so that its author is there to settle what it leaves open. */
  readonly isStrict: boolean;
  /** Told what is open, so that health and metrics follow the plan in force; returns what to call when it closes. */
  readonly opened: (
    slug: string,
    parts: { readonly databases: Databases; readonly models: Models },
  ) => () => void;
}

/** Opens the parts of one definition; they close with its plan. */
export async function createServerParts(
  loaded: LoadedDefinition,
  deps: ServerPartsDeps,
): Promise<ServerParts> {
  const { telemetry } = deps;
  const { definition, baseDirectory } = loaded;
  // First: a pack opens nothing before it knows that it can be served, and databases connect when first asked.
  const packs = await deps.packs.serve(loaded);
  const databases = openAll(loaded, telemetry, packs);
  const plugins = await loadPlugins(definition.plugins, {
    pool: deps.pools.modules,
    baseDirectory,
    memoryMb: DEFAULT_MEMORY_MB,
    isTaken: (name) => HandlerRegistry.getInstance().has(name),
  });
  const { slug } = definition;
  const models = openModels(definition.models, {
    egress: deps.egress,
    redactText: telemetry.redactor.text,
    observe: telemetry.modelCall,
  });
  const forget = deps.opened(slug, { databases, models });
  const held = deps.upstreams.hold({ slug, baseDirectory, trusted: loaded.trusted }, definition.upstreams);
  return {
    ...(held.all.length === 0
      ? {}
      : { federation: createFederation(loaded, held, { isStrict: deps.isStrict, log: telemetry.log }) }),
    factories: createFactories(definition, deps, { databases, models, held, plugins: plugins.functions }),
    packTools: packs.tools,
    packResources: packs,
    files: plugins.files,
    problems: plugins.problems,
    async close() {
      forget();
      await Promise.all([databases.close(), packs.close(), held.release()]);
    },
  };
}

/** One maker per kind of handler. */
function createFactories(
  definition: Definition,
  deps: ServerPartsDeps,
  parts: {
    readonly databases: Databases;
    readonly models: Models;
    readonly held: HeldUpstreams;
    readonly plugins: Parameters<typeof createRegistryHandler>[0]['plugins'];
  },
): HandlerFactories {
  const { egress, telemetry } = deps;
  const { modules, isolates } = deps.pools;
  const { text: redactText, document: redact } = telemetry.redactor;
  const maxResultBytes = sizeBytes(definition.limits.maxResultSize);
  const services = {
    egress,
    redact,
    readResource: (uri: string, call: Call) => readFor(deps.serverOf(definition), uri, call),
    readSecret: deps.readSecret,
  } satisfies CallServiceDeps;
  return {
    mcp: createMcpHandler(parts.held),
    sql: createSqlHandler({ databases: parts.databases, maxResultBytes }),
    http: createHttpHandler({ egress, redactText, code: { pool: isolates, redact, maxResultBytes } }),
    prompt: createPromptHandler({
      models: parts.models,
      prompts: definition.prompts,
      compileOutput: (schema) => compileOutput(schema, engineOf(definition.limits)),
      maxResultBytes,
      redactText,
    }),
    file: createFileHandler({ ...services, pool: modules, maxResultBytes }),
    inline: createInlineHandler({ ...services, pool: isolates, maxResultBytes }),
    registry: createRegistryHandler({
      ...services,
      registry: HandlerRegistry.getInstance(),
      plugins: parts.plugins,
      pool: modules,
      maxResultBytes,
    }),
  };
}

function openAll(
  { definition, baseDirectory }: LoadedDefinition,
  telemetry: Telemetry,
  packs: Pick<ServedPacks, 'close'>,
): Databases {
  try {
    return openDatabases(definition.databases, {
      baseDirectory,
      log: telemetry.log.child({ component: 'database', server: definition.slug }),
      observe: ({ operation, seconds }) => telemetry.databaseQuery(operation, seconds),
    });
  } catch (error) {
    void packs.close();
    throw new PartsError('/databases', error);
  }
}

function readFor(
  server: ServerPlan | undefined,
  uri: string,
  call: Call,
): Promise<readonly ResourceContent[]> {
  if (server === undefined) throw new QuaysideError('unknown_resource', { data: { uri } });
  return readResourceAs(server, uri, call);
}
