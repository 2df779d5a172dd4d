// The packs of the process, what each server gets of them, and the servers that hold a pack alone.
import { systemClock } from '../clock.ts';
import type { LoadedDefinition } from '../definition/load.ts';
import type { Egress } from '../egress/egress.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { CodePack, ServedCode } from '../packs/code/code-pack.ts';
import { codeRoutes } from '../packs/code/code-routes.ts';
import { CODE_INSTRUCTIONS } from '../packs/code/instructions.ts';
import { CODE_PROMPTS } from '../packs/code/prompts.ts';
import { scheduleCleanup } from '../packs/code/repositories/added-cleanup.ts';
import { PartsError } from '../plan/compilation.ts';
import type { PackTool } from '../plan/pack-tool.ts';
import type { Route } from '../route.ts';
import type { Store } from '../store/store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Resource, ResourceTemplate } from '../tool.ts';
import type { AppAudit } from './audit.ts';
import type { AppSettings } from './settings.ts';

/** What one server has of the packs; closed with its plan. */
export interface ServedPacks {
  readonly tools: readonly PackTool[];
  readonly resources: readonly Resource[];
  readonly resourceTemplates: readonly ResourceTemplate[];
  close(): Promise<void>;
}

/** Opened once; plans come and go. */
export interface Packs {
  /** Over the packs that are served. */
  readonly routes: readonly Route[];
  /** Rejects with PartsError for options that cannot be served. */
  serve(loaded: LoadedDefinition): Promise<ServedPacks>;
  close(): Promise<void>;
}

export interface PacksDeps {
  readonly egress: Egress;
  readonly jobs: Jobs;
  readonly settings: AppSettings;
  readonly telemetry: Telemetry;
  readonly store: Store;
  readonly audit: Pick<AppAudit, 'events'>;
}

/** Nothing works, and no pack is loaded, until a definition is served that names it. */
export function openPacks({
  settings,
  telemetry,
  store,
  egress,
  jobs,
  audit: { events: audit },
}: PacksDeps): Packs {
  let opened: Promise<CodePack> | undefined;
  const log = telemetry.log.child({ component: 'code' });
  // Also where no server has the pack now: what was added while one had it must not stay for ever.
  const state = { store, clock: systemClock, log, audit, stateDirectory: settings.dataDirectory };
  scheduleCleanup(jobs, state);
  const open = async () => {
    const { createCodePack } = await import('../packs/code/code-pack.ts');
    return createCodePack({
      ...{ ...state, egress, environment: settings.env, meter: telemetry.code },
      models: { observe: telemetry.modelCall, redactText: telemetry.redactor.text },
    });
  };
  const served = new Set<ServedCode>();
  return {
    // The newest one: after a reload that is what is in force, and its repositories are those of every server's tenant.
    routes: codeRoutes(() => [...served].at(-1)),
    async serve({ definition, baseDirectory }) {
      const { code: wished } = definition.packs;
      if (wished === undefined)
        return { tools: [], resources: [], resourceTemplates: [], close: () => Promise.resolve() };
      const resources = wished.resources && settings.environment.codeResourcesDisabled !== true;
      const options = { ...wished, resources };
      opened ??= open();
      const code = await opened;
      try {
        const one = code.serve(options, baseDirectory);
        if (definition.slug !== PACK_SLUG) return one;
        served.add(one);
        return {
          ...one,
          close() {
            served.delete(one);
            return one.close();
          },
        };
      } catch (error) {
        throw new PartsError('/packs/code/paths', error);
      }
    },
    async close() {
      await (await opened)?.close();
    },
  };
}

/**
 * The definitions with `/mcp/code` besides: the pack alone, under the rules of the definition that configures it. Of
 * several the default one has it, else the first.
 */
export function withPackServers(definitions: readonly LoadedDefinition[]): readonly LoadedDefinition[] {
  const configured = definitions.filter(
    ({ definition }) => definition.enabled && definition.packs.code !== undefined,
  );
  const owner = configured.find(({ definition }) => definition.default) ?? configured[0];
  return owner === undefined ? definitions : [...definitions, codeServerOf(owner)];
}

/** Of the server that holds the pack alone. */
const PACK_SLUG = 'code';

function codeServerOf(owner: LoadedDefinition): LoadedDefinition {
  // What the gate caches are tools of the definition, which this server does not have.
  const { caching: _caching, ...definition } = owner.definition;
  const { code } = definition.packs;
  return {
    ...owner,
    definition: {
      ...definition,
      name: 'code',
      slug: PACK_SLUG,
      default: false,
      title: `Code of ${definition.title ?? definition.name}`,
      description: 'Searches and explains the source code.',
      instructions: CODE_INSTRUCTIONS,
      tools: [],
      prompts: CODE_PROMPTS.map((prompt) => ({ ...prompt, arguments: [...prompt.arguments] })),
      resources: [],
      resourceTemplates: [],
      databases: {},
      packs: code === undefined ? {} : { code },
    },
  };
}
