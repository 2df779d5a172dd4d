// The words of the command line about stored secrets.
import type { Command } from 'commander';
import type { Io } from './io.ts';

/** Adds `secrets set|list|delete` and `rotate-secrets`. */
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
  withOptions(secrets.command('delete').description('remove a secret for good'))
    .argument('<name>', 'its name')
    .action(async (name: string, options: Options) => {
      const { deleteSecret } = await import('./secrets.ts');
      finish(await deleteSecret({ name, ...options }, io));
    });
  withData(program.command('rotate-secrets'))
    .description('wrap the keys of stored secrets by the newest master key, while servers run')
    .option('--data-key', 'also make a new data key and seal every secret with it')
    .action(async (options: Options & { dataKey?: true }) => {
      const { rotateSecrets } = await import('./secrets.ts');
      finish(await rotateSecrets(options, io));
    });
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
