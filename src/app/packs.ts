// The packs of the process, what each server gets of them, and the servers that hold a pack alone.
import { systemClock } from '../clock.ts';
import type { LoadedDefinition } from '../definition/load.ts';
import { CODE_INSTRUCTIONS, createCodePack } from '../packs/code/code-pack.ts';
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
  /** Throws PartsError for options that cannot be served. */
  serve(loaded: LoadedDefinition): ServedPacks;
  close(): Promise<void>;
}

export interface PacksDeps {
  readonly settings: AppSettings;
  readonly telemetry: Telemetry;
  readonly store: Store;
}

/** Nothing works until a definition is served that names a pack. */
export function openPacks({ settings, telemetry, store }: PacksDeps): Packs {
  const code = createCodePack({
    stateDirectory: settings.dataDirectory,
    store,
    clock: systemClock,
    log: telemetry.log.child({ component: 'code' }),
  });
  return {
    serve({ definition, baseDirectory }) {
      const options = definition.packs.code;
      if (options === undefined) return { tools: [], close: () => Promise.resolve() };
      try {
        return code.serve(options, baseDirectory);
      } catch (error) {
        throw new PartsError('/packs/code/paths', error);
      }
    },
    close: code.close,
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
