// What the handlers of one definition work with: its databases, the shared egress and worker pool.
import { type Databases, openDatabases } from '../databases/databases.ts';
import type { LoadedDefinition } from '../definition/load.ts';
import type { Definition } from '../definition/schema/definition.ts';
import { sizeBytes } from '../definition/size.ts';
import type { Egress } from '../egress/egress.ts';
import { QuaysideError } from '../errors.ts';
import { createFileHandler, DEFAULT_MEMORY_MB } from '../handlers/file/file-handler.ts';
import { createHttpHandler } from '../handlers/http/http-handler.ts';
import { createInlineHandler } from '../handlers/inline/inline-handler.ts';
import { createMcpHandler } from '../handlers/mcp/mcp-handler.ts';
import { HandlerRegistry } from '../handlers/registry/handler-registry.ts';
import { loadPlugins } from '../handlers/registry/plugins.ts';
import { createRegistryHandler } from '../handlers/registry/registry-handler.ts';
import { createSqlHandler } from '../handlers/sql/sql-handler.ts';
import type { CallServiceDeps } from '../handlers/workers/call-services.ts';
import { PartsError, type ServerParts } from '../plan/compile-server.ts';
import { readResourceAs } from '../plan/read-resource.ts';
import type { ServerPlan } from '../plan/server-plan.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Call, ResourceContent } from '../tool.ts';
import type { Upstreams } from '../upstreams/upstreams.ts';
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
  /** Told when databases open and close, so that health and metrics follow the plan in force. */
  readonly databasesOpened: (slug: string, databases: Databases) => () => void;
}

/** Opens the parts of one definition; they close with its plan. */
export async function createServerParts(
  loaded: LoadedDefinition,
  deps: ServerPartsDeps,
): Promise<ServerParts> {
  const { telemetry } = deps;
  const { definition, baseDirectory } = loaded;
  // First: a pack opens nothing before it knows that it can be served, and databases connect when first asked.
  const packs = deps.packs.serve(loaded);
  const databases = openAll(loaded, telemetry, packs);
  const services = {
    egress: deps.egress,
    redact: telemetry.redactor.document,
    readResource: (uri: string, call: Call) => readFor(deps.serverOf(definition), uri, call),
    readSecret: deps.readSecret,
  } satisfies CallServiceDeps;
  const maxResultBytes = sizeBytes(definition.limits.maxResultSize);
  const { modules, isolates } = deps.pools;
  const registry = HandlerRegistry.getInstance();
  const plugins = await loadPlugins(definition.plugins, {
    pool: modules,
    baseDirectory,
    memoryMb: DEFAULT_MEMORY_MB,
    isTaken: (name) => registry.has(name),
  });
  const forget = deps.databasesOpened(definition.slug, databases);
  const { slug } = definition;
  const held = deps.upstreams.hold({ slug, baseDirectory, trusted: loaded.trusted }, definition.upstreams);
  return {
    ...(held.all.length === 0
      ? {}
      : { federation: createFederation(loaded, held, { isStrict: deps.isStrict, log: telemetry.log }) }),
    factories: {
      mcp: createMcpHandler(held),
      sql: createSqlHandler({ databases, maxResultBytes }),
      http: createHttpHandler({
        egress: deps.egress,
        redactText: telemetry.redactor.text,
        code: { pool: isolates, redact: services.redact, maxResultBytes },
      }),
      file: createFileHandler({ ...services, pool: modules }),
      inline: createInlineHandler({ ...services, pool: isolates, maxResultBytes }),
      registry: createRegistryHandler({ ...services, registry, plugins: plugins.functions, pool: modules }),
    },
    packTools: packs.tools,
    files: plugins.files,
    problems: plugins.problems,
    async close() {
      forget();
      await Promise.all([databases.close(), packs.close(), held.release()]);
    },
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
