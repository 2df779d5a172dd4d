// What the servers of a definition, or one that runs, list: for commands that judge lists without calling anything.
import { readEnvironment } from '../definition/environment.ts';
import { definitionPath } from '../definition/find-files.ts';
import { type LoadedDefinition, loadDefinitions } from '../definition/load.ts';
import { formatProblem } from '../definition/problem.ts';
import type { Definition } from '../definition/schema/definition.ts';
import { listedToolName } from '../definition/tool-name.ts';
import { type Catalogue, catalogueOf } from '../plan/catalogue.ts';
import { ConfigurationError } from './configuration-error.ts';
import { isUrl, openServedServer } from './served-server.ts';

/** One server's lists, and where they come from. */
export interface CatalogueSource {
  /** Undefined for a running server. */
  readonly slug: string | undefined;
  readonly isDefault: boolean;
  readonly catalogue: Catalogue;
  /** Absent for a running server. */
  readonly definition?: Definition;
  /** Where a tool's listing was written, such as `quayside.yaml:12:5`; `pointer` leads into the listing. */
  placeOf(tool: string | undefined, pointer: string): string;
}

export interface CatalogueOptions {
  /** URL of a running server's MCP endpoint, or a definition file or folder; found as `serve` finds it when absent. */
  readonly place: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Only this server of a definition. */
  readonly slug?: string | undefined;
}

/** Throws ConfigurationError with all that keeps the lists from being read. */
export async function readCatalogues({
  place,
  env,
  slug,
}: CatalogueOptions): Promise<readonly CatalogueSource[]> {
  if (place !== undefined && isUrl(place)) return [await readServed(place, env.QUAYSIDE_API_KEY)];
  const path = definitionPath(place, env);
  if (path === undefined)
    throw new ConfigurationError([
      'No definition was found: name a file, set CONFIG_PATH, or write quayside.yaml.',
    ]);
  // What is wrong with the environment itself concerns the start, not what is listed.
  const { settings } = readEnvironment(env);
  const { definitions, errors } = await loadDefinitions(path, {
    env,
    environment: settings.environment ?? 'development',
    purpose: 'validate',
    envAllow: settings.envAllow ?? [],
  });
  if (errors.length > 0) throw new ConfigurationError(errors.map(formatProblem));
  const chosen = definitions.filter(({ definition }) => slug === undefined || definition.slug === slug);
  if (chosen.length > 0) return chosen.map(toSource);
  const known = definitions.map(({ definition }) => definition.slug).join(', ');
  throw new ConfigurationError([`--server ${slug}: there is no server of this name; known are ${known}.`]);
}

async function readServed(url: string, key: string | undefined): Promise<CatalogueSource> {
  const server = openServedServer({ url, key });
  try {
    return {
      slug: undefined,
      isDefault: true,
      catalogue: await server.catalogue(),
      placeOf: (tool) => (tool === undefined ? url : `${url} ${tool}`),
    };
  } finally {
    await server.close();
  }
}

function toSource({ definition, file, locate }: LoadedDefinition): CatalogueSource {
  const { tools, toolNames } = definition;
  return {
    slug: definition.slug,
    isDefault: definition.default,
    catalogue: catalogueOf(definition),
    definition,
    placeOf(tool, pointer) {
      const index = tools.findIndex(({ name }) => listedToolName(name, toolNames) === tool);
      const found = locate(index === -1 ? pointer : `/tools/${index}${pointer}`);
      return `${file}:${found?.line ?? 1}:${found?.column ?? 1}`;
    },
  };
}
