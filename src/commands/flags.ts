// `quayside flags list|set|unset`: feature flags in the store of an install.
import { environmentOf } from '../app/settings.ts';
import { createFlagCommands, type FlagCommands } from '../flags/flag-commands.ts';
import { openFlagDirectory } from '../flags/flag-directory.ts';
import type { FlagInput } from '../flags/flag-input.ts';
import { presentFlag } from '../flags/flag-routes.ts';
import type { Actor } from '../gate/actor.ts';
import type { InstallFlags } from './install.ts';
import { EXIT, type Io } from './io.ts';
import { onDefinitions } from './on-definitions.ts';

/** What every verb may say: the definition is read for what it declares. */
export interface FlagVerbOptions extends Omit<InstallFlags, 'tenant'> {
  readonly path?: string;
}

/** Lists every flag with what it is on for. */
export function listFlags(options: FlagVerbOptions, io: Io): Promise<number> {
  return withFlags(options, io, async (flags, actor) => {
    const all = (await flags.list(actor)).map(presentFlag);
    if (options.json === true) io.out(`${JSON.stringify(all)}\n`);
    else for (const flag of all) io.out(`${[flag.key, flag.type, stateOf(flag), flag.source].join('  ')}\n`);
    return EXIT.ok;
  });
}

/** Changes what is given of a flag, or makes one. */
export function setFlag(
  options: FlagVerbOptions & { readonly key: string; readonly input: FlagInput },
  io: Io,
): Promise<number> {
  return withFlags(options, io, async (flags, actor) => {
    const flag = presentFlag(await flags.change(actor, options.key, options.input));
    io.out(
      options.json === true
        ? `${JSON.stringify(flag)}\n`
        : `${flag.key} is ${stateOf(flag)}; running servers follow within a second.\n`,
    );
    return EXIT.ok;
  });
}

/** Takes back what was set: as declared or shipped again, or gone. */
export function unsetFlag(options: FlagVerbOptions & { readonly key: string }, io: Io): Promise<number> {
  return withFlags(options, io, async (flags, actor) => {
    await flags.remove(actor, options.key);
    io.out(`What was set of ${options.key} is taken back.\n`);
    return EXIT.ok;
  });
}

function withFlags(
  options: FlagVerbOptions,
  io: Io,
  work: (flags: FlagCommands, actor: Actor) => Promise<number>,
): Promise<number> {
  const { path, ...rest } = options;
  const flags = path === undefined ? rest : { ...rest, definition: path };
  return onDefinitions(flags, io, async ({ settings, definitions, store, audit, actor }) => {
    const first = definitions.find(({ definition }) => definition.default) ?? definitions[0];
    const declared = first?.definition.flags ?? {};
    const directory = await openFlagDirectory({
      store,
      environment: environmentOf(settings),
      declared: () => declared,
    });
    try {
      return await work(createFlagCommands({ store, flags: directory, now: Date.now, audit }), actor);
    } finally {
      directory.close();
    }
  });
}

function stateOf(flag: ReturnType<typeof presentFlag>): string {
  if (!flag.enabled) return 'off';
  const lists = (['tenants', 'users', 'keys'] as const).flatMap((name) =>
    flag[name].length === 0 ? [] : [`${name} ${flag[name].join(',')}`],
  );
  const share = flag.percent === null ? [] : [`${flag.percent} % of ${flag.percent_of}s`];
  const where = flag.environments.length === 0 ? '' : ` in ${flag.environments.join(',')}`;
  const targets = [...lists, ...share];
  if (targets.length > 0) return `on for ${targets.join(' and ')}${where}, else ${onOrOff(flag.default)}`;
  return where === '' ? onOrOff(flag.default) : `on${where}, else ${onOrOff(flag.default)}`;
}

function onOrOff(value: boolean): string {
  return value ? 'on' : 'off';
}
