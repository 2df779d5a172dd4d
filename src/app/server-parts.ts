// What the handlers of one definition work with: its databases, the shared egress and worker pool.
import { type Databases, openDatabases } from '../databases/databases.ts';
import type { LoadedDefinition } from '../definition/load.ts';
import { sizeBytes } from '../definition/size.ts';
import type { Egress } from '../egress/egress.ts';
import { QuaysideError } from '../errors.ts';
import { compileOutput } from '../gate/arguments/output.ts';
import { engineOf } from '../gate/arguments/shared-engine.ts';
import { createFileHandler } from '../handlers/file/file-handler.ts';
import type { FilePool } from '../handlers/file/pool.ts';
import { createHttpHandler } from '../handlers/http/http-handler.ts';
import { createPromptHandler } from '../handlers/prompt/prompt-handler.ts';
import { createSqlHandler } from '../handlers/sql/sql-handler.ts';
import { openModels } from '../models/models.ts';
import type { ServerParts } from '../plan/compile-server.ts';
import { readResourceAs } from '../plan/read-resource.ts';
import type { ServerPlan } from '../plan/server-plan.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Call, ResourceContent } from '../tool.ts';

export interface ServerPartsDeps {
  readonly egress: Egress;
  readonly pool: FilePool;
  readonly telemetry: Telemetry;
  /** The server in force under a slug, for handlers that read its resources. */
  readonly serverOf: (slug: string) => ServerPlan | undefined;
  /** Told when databases open and close, so that health and metrics follow the plan in force. */
  readonly databasesOpened: (slug: string, databases: Databases) => () => void;
}

/** Opens the parts of one definition; they close with its plan. */
export function createServerParts(loaded: LoadedDefinition, deps: ServerPartsDeps): ServerParts {
  const { telemetry } = deps;
  const { definition, baseDirectory } = loaded;
  const databases = openDatabases(definition.databases, {
    baseDirectory,
    log: telemetry.log.child({ component: 'database', server: definition.slug }),
    observe: ({ operation, seconds }) => telemetry.databaseQuery(operation, seconds),
  });
  const redactText = telemetry.redactor.text;
  const models = openModels(definition.models, {
    egress: deps.egress,
    redactText,
    observe: telemetry.modelCall,
  });
  const maxResultBytes = sizeBytes(definition.limits.maxResultSize);
  const forget = deps.databasesOpened(definition.slug, databases);
  return {
    factories: {
      sql: createSqlHandler({ databases, maxResultBytes }),
      http: createHttpHandler({ egress: deps.egress, redactText }),
      prompt: createPromptHandler({
        models,
        prompts: definition.prompts,
        compileOutput: (schema) => compileOutput(schema, engineOf(definition.limits)),
        maxResultBytes,
        redactText,
      }),
      file: createFileHandler({
        pool: deps.pool,
        egress: deps.egress,
        redact: telemetry.redactor.document,
        readResource: (uri, call) => readFor(deps.serverOf(definition.slug), uri, call),
      }),
    },
    async close() {
      forget();
      await databases.close();
    },
  };
}

function readFor(
  server: ServerPlan | undefined,
  uri: string,
  call: Call,
): Promise<readonly ResourceContent[]> {
  if (server === undefined) throw new QuaysideError('unknown_resource', { data: { uri } });
  return readResourceAs(server, uri, call);
}
