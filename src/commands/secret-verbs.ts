// The words of the command line about stored secrets.
import { type Command, InvalidArgumentError } from 'commander';
import type { Io } from './io.ts';

/** Adds `secrets set|list|restore|delete` and `rotate-secrets`. */
export function addSecrets(program: Command, io: Io, finish: (exitCode: number) => void): void {
  const secrets = program.command('secrets').description('secrets that definitions name by ${secret:name}');
  withOptions(secrets.command('set').description('store a secret from the standard input, or from a file'))
    .argument('<name>', 'a letter, then letters, digits, dots, hyphens or underscores')
    .option('--file <path>', 'file that holds the value')
    .action(async (name: string, options: Options & { file?: string }) => {
      const { setSecret } = await import('./secrets.ts');
      finish(await setSecret({ name, ...options }, io));
    });
  withOptions(
    secrets.command('list').description('list names, versions and dates; never shows a value'),
  ).action(async (options: Options) => {
    const { listSecrets } = await import('./secrets.ts');
    finish(await listSecrets(options, io));
  });
  withOptions(secrets.command('restore').description('put the value before the last rotation back'))
    .argument('<name>', 'its name')
    .action(async (name: string, options: Options) => {
      const { restoreSecret } = await import('./secrets.ts');
      finish(await restoreSecret({ name, ...options }, io));
    });
  withOptions(secrets.command('delete').description('remove a secret for good'))
    .argument('<name>', 'its name')
    .action(async (name: string, options: Options) => {
      const { deleteSecret } = await import('./secrets.ts');
      finish(await deleteSecret({ name, ...options }, io));
    });
  withOptions(program.command('rotate-secrets'))
    .description('replace a secret while servers run; without --name the master key')
    .option('--name <name>', 'master-key, session, token-signing, or the name of a stored secret')
    .option('--file <path>', 'file that holds the new value of a stored secret; default: the standard input')
    .option('--grace <hours>', 'how long the old one counts, 0 to 720 (default: 24)', parseGrace)
    .option('--data-key', 'with the master key: also make a new data key and seal every secret with it')
    .action(async (options: Options & { name?: string; file?: string; grace?: number; dataKey?: true }) => {
      const { rotateSecrets } = await import('./rotate-secrets.ts');
      finish(await rotateSecrets(options, io));
    });
}

/** A month: whoever needs longer does not rotate. */
const GRACE_HOURS_MAX = 720;

function parseGrace(text: string): number {
  const hours = Number(text);
  if (!/^\d+$/.test(text) || hours > GRACE_HOURS_MAX)
    throw new InvalidArgumentError(`A grace is a whole number of hours from 0 to ${GRACE_HOURS_MAX}.`);
  return hours;
}

interface Options {
  readonly data?: string;
  readonly tenant?: string;
  readonly json?: true;
}

function withData(command: Command): Command {
  return command
    .option('--data <folder>', 'folder for state (QUAYSIDE_DATA_DIR; default ./data)')
    .option('--json', 'print JSON');
}

function withOptions(command: Command): Command {
  return withData(command).option('--tenant <id>', 'whose secrets (default: default)');
}
