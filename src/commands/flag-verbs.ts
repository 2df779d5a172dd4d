// The words of `quayside flags`; what they do is in flags.ts.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { FLAG_TYPES, PERCENT_OF } from '../definition/schema/flags.ts';
import type { FlagInput } from '../flags/flag-input.ts';
import type { FlagVerbOptions } from './flags.ts';
import type { Finish, Io } from './io.ts';

interface SetOptions
  extends Omit<FlagVerbOptions, 'path'>,
    Omit<FlagInput, 'enabled' | 'default' | 'percent'> {
  readonly definition?: string;
  readonly on?: true;
  readonly off?: true;
  readonly default?: boolean;
  readonly percent?: number | null;
}

/** `flags list|set|unset`. */
export function addFlagVerbs(program: Command, io: Io, finish: Finish): void {
  const flags = program.command('flags').description('feature flags of this install');
  withData(flags.command('list').description('list the flags and whom they are on for')).action(
    async (options: Omit<FlagVerbOptions, 'path'> & { definition?: string }) => {
      const { listFlags } = await import('./flags.ts');
      finish(await listFlags(pathOf(options), io));
    },
  );
  addSet(flags, io, finish);
  withData(
    flags.command('unset').description('take back what was set; what is declared or shipped holds again'),
  )
    .argument('<key>', 'key of the flag')
    .action(async (key: string, options: Omit<FlagVerbOptions, 'path'> & { definition?: string }) => {
      const { unsetFlag } = await import('./flags.ts');
      finish(await unsetFlag({ key, ...pathOf(options) }, io));
    });
}

function addSet(flags: Command, io: Io, finish: Finish): void {
  withData(flags.command('set').description('change a flag, or make one; what is not named stays'))
    .argument('<key>', 'key of the flag')
    .option('--on', 'let lists, percentage and default decide')
    .option('--off', 'off for everybody')
    .option('--percent <number>', 'share that it is on for, 0 to 100; none takes it away', parsePercent)
    .addOption(new Option('--percent-of <what>', 'what the share is of').choices(PERCENT_OF))
    .option('--tenants <list>', 'comma-separated tenants that it is on for', splitList)
    .option('--users <list>', 'comma-separated users that it is on for', splitList)
    .option('--keys <list>', 'comma-separated API keys that it is on for', splitList)
    .option('--environments <list>', 'comma-separated environments that it is for', splitList)
    .option('--default <value>', 'what holds for everybody else: on or off', parseSwitch)
    .addOption(new Option('--type <type>', 'what it is for').choices(FLAG_TYPES))
    .option('--description <text>', 'what is different where it is on')
    .action(async (key: string, options: SetOptions) => {
      const { setFlag } = await import('./flags.ts');
      finish(await setFlag({ key, input: inputOf(options), ...pathOf(options) }, io));
    });
}

function inputOf(options: SetOptions): FlagInput {
  const { on, off, percent, percentOf, tenants, users, keys, environments, type, description } = options;
  return {
    enabled: off === true ? false : on,
    default: options.default,
    ...{ percent, percentOf, tenants, users, keys, environments, type, description },
  };
}

function pathOf(options: Omit<FlagVerbOptions, 'path'> & { readonly definition?: string }): FlagVerbOptions {
  const { data, json, definition } = options;
  return {
    ...(definition === undefined ? {} : { path: definition }),
    ...(data === undefined ? {} : { data }),
    ...(json === undefined ? {} : { json }),
  };
}

function withData(command: Command): Command {
  return command
    .option('--definition <path>', 'definition file or folder (default as for serve)')
    .option('--data <folder>', 'folder for state (QUAYSIDE_DATA_DIR; default ./data)')
    .option('--json', 'print JSON');
}

function parsePercent(text: string): number | null {
  if (text === 'none') return null;
  if (!/^\d{1,3}$/.test(text) || Number(text) > 100)
    throw new InvalidArgumentError('A percentage is a whole number from 0 to 100, or none.');
  return Number(text);
}

function parseSwitch(text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new InvalidArgumentError('Write on or off.');
  return text === 'on';
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
