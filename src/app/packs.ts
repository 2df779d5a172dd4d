// The packs of the process, what each server gets of them, and the servers that hold a pack alone.
import { systemClock } from '../clock.ts';
import type { LoadedDefinition } from '../definition/load.ts';
import type { Egress } from '../egress/egress.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { CodePack } from '../packs/code/code-pack.ts';
import { CODE_INSTRUCTIONS } from '../packs/code/instructions.ts';
import { scheduleCleanup } from '../packs/code/repositories/added-cleanup.ts';
import { PartsError } from '../plan/compilation.ts';
import type { PackTool } from '../plan/pack-tool.ts';
import type { Store } from '../store/store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { AppSettings } from './settings.ts';

/** What one server has of the packs; closed with its plan. */
export interface ServedPacks {
  readonly tools: readonly PackTool[];
  close(): Promise<void>;
}

/** Opened once; plans come and go. */
export interface Packs {
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
}

/** Nothing works, and no pack is loaded, until a definition is served that names it. */
export function openPacks({ settings, telemetry, store, egress, jobs }: PacksDeps): Packs {
  let opened: Promise<CodePack> | undefined;
  const log = telemetry.log.child({ component: 'code' });
  // Also where no server has the pack now: what was added while one had it must not stay for ever.
  scheduleCleanup(jobs, { store, clock: systemClock, log, stateDirectory: settings.dataDirectory });
  const open = async () => {
    const { createCodePack } = await import('../packs/code/code-pack.ts');
    return createCodePack({
      stateDirectory: settings.dataDirectory,
      store,
      clock: systemClock,
      log,
      egress,
      environment: settings.env,
    });
  };
  return {
    async serve({ definition, baseDirectory }) {
      const options = definition.packs.code;
      if (options === undefined) return { tools: [], close: () => Promise.resolve() };
      opened ??= open();
      const code = await opened;
      try {
        return code.serve(options, baseDirectory);
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

function codeServerOf(owner: LoadedDefinition): LoadedDefinition {
  const { definition } = owner;
  const { code } = definition.packs;
  return {
    ...owner,
    definition: {
      ...definition,
      name: 'code',
      slug: 'code',
      default: false,
      title: `Code of ${definition.title ?? definition.name}`,
      description: 'Searches and explains the source code.',
      instructions: CODE_INSTRUCTIONS,
      tools: [],
      prompts: [],
      resources: [],
      resourceTemplates: [],
      databases: {},
      packs: code === undefined ? {} : { code },
    },
  };
}
