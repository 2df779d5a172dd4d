// The command line: words to one function per verb. Each verb's module is loaded only when it is called.
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { workerCount } from '../definition/environment-readers.ts';
import { StateError } from '../secrets/state-error.ts';
import { addApprovals } from './approval-verbs.ts';
import { addAudit } from './audit-verbs.ts';
import { buildInfo } from './build-info.ts';
import { addCodeVerbs } from './code-verbs.ts';
import { addFlagVerbs } from './flag-verbs.ts';
import { addExplain, addKeyVerbs, addTenantVerbs } from './identity-verbs.ts';
import { addImport } from './import-verbs.ts';
import { EXIT, type Finish, type Io, PROCESS_IO } from './io.ts';
import { addRolloutVerbs } from './rollout-verbs.ts';
import { addSecrets } from './secret-verbs.ts';
import { addToolVerbs } from './tool-verbs.ts';
import { addUpstreams } from './upstream-verbs.ts';
import { addUsers } from './user-verbs.ts';

/** Runs `quayside <words>`; resolves with the exit code. Never rejects for what a user can cause. */
export async function runCommandLine(words: readonly string[], io: Io = PROCESS_IO): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = createProgram(io, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof StateError) {
      io.err(`${error.message}\n`);
      return EXIT.configuration;
    }
    throw error;
  }
  return exitCode;
}

function createProgram(io: Io, finish: Finish): Command {
  const program = new Command('quayside')
    .description('Serves, governs and operates MCP servers from one definition file.')
    .version(buildInfo().version)
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .exitOverride()
    .showHelpAfterError();
  addServe(program, io, finish);
  addStdio(program, io, finish);
  addValidate(program, io, finish);
  addToolVerbs(program, io, finish);
  addKeyVerbs(program, io, finish);
  addTenantVerbs(program, io, finish);
  addExplain(program, io, finish);
  addAudit(program, io, finish);
  addUsers(program, io, finish);
  addApprovals(program, io, finish);
  addFlagVerbs(program, io, finish);
  addRolloutVerbs(program, io, finish);
  addSecrets(program, io, finish);
  addUpstreams(program, io, finish);
  addCodeVerbs(program, io, finish);
  addImport(program, io, finish);
  addMigrate(program, io, finish);
  // Sub-commands made by `command()` inherit these settings only when they are copied.
  for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)]) {
    command.exitOverride().configureOutput({ writeOut: io.out, writeErr: io.err });
  }
  return program;
}

function addServe(program: Command, io: Io, finish: Finish): void {
  program
    .command('serve')
    .description('serve a definition file, or every definition of a folder, over HTTP')
    .argument(
      '[path]',
      'definition file or folder (default: CONFIG_PATH, ./quayside.yaml, ./quayside.json, /etc/mcp/config.json)',
    )
    .option('--port <number>', 'port to listen on; 0 takes a free one (PORT)', parsePort)
    .option('--host <address>', 'address to bind to (HOST; default 127.0.0.1)')
    .option('--data <folder>', 'folder for state (QUAYSIDE_DATA_DIR; default ./data)')
    .option(
      '--workers <number>',
      'processes that serve together, or auto for one per core (WEB_CONCURRENCY)',
      parseWorkers,
    )
    .option('--json', 'print the start report as one line of JSON')
    .action(
      async (
        path: string | undefined,
        options: { port?: number; host?: string; data?: string; workers?: number | 'auto'; json?: true },
      ) => {
        const { serve } = await import('./serve.ts');
        finish(await serve({ ...(path === undefined ? {} : { path }), ...options }, io));
      },
    );
}

function addStdio(program: Command, io: Io, finish: Finish): void {
  program
    .command('stdio')
    .description('serve one server over standard input and output')
    .argument('[path]', 'definition file or folder (default as for serve)')
    .option('--server <slug>', 'which server of several (default: the default server)')
    .option('--data <folder>', "folder for state (QUAYSIDE_DATA_DIR; default: the platform's state folder)")
    .action(async (path: string | undefined, options: { server?: string; data?: string }) => {
      const { stdio } = await import('./stdio.ts');
      finish(await stdio({ ...(path === undefined ? {} : { path }), ...options }, io));
    });
}

function addValidate(program: Command, io: Io, finish: Finish): void {
  program
    .command('validate')
    .description('check definitions and print every problem with its place and fix')
    .argument('[path]', 'definition file or folder (default as for serve)')
    .option('--json', 'print problems as JSON')
    .action(async (path: string | undefined, options: { json?: true }) => {
      const { validate } = await import('./validate.ts');
      finish(await validate({ ...(path === undefined ? {} : { path }), ...options }, io));
    });
}

function addMigrate(program: Command, io: Io, finish: Finish): void {
  const migrate = program
    .command('migrate')
    .description('the schema of the durable state; serve brings it up by itself');
  const withData = (command: Command) =>
    command
      .option('--data <folder>', 'folder for state (QUAYSIDE_DATA_DIR; default ./data)')
      .option('--json', 'print JSON');
  type Options = { data?: string; json?: true };
  withData(migrate.command('up', { isDefault: true }).description('run the migrations that are missing'))
    .option('--to <number>', 'last migration to run (default: the newest)', parseMigration)
    .action(async (options: Options & { to?: number }) => {
      const { migrateUp } = await import('./migrate.ts');
      finish(await migrateUp(options, io));
    });
  withData(migrate.command('down').description('take migrations back; what they made is lost'))
    .requiredOption('--to <number>', 'last migration that stays; 0 takes everything back', parseMigration)
    .action(async (options: Options & { to: number }) => {
      const { migrateDown } = await import('./migrate.ts');
      finish(await migrateDown(options, io));
    });
  withData(migrate.command('status').description('list the migrations and when they ran')).action(
    async (options: Options) => {
      const { migrationStatus } = await import('./migrate.ts');
      finish(await migrationStatus(options, io));
    },
  );
}

function parseMigration(text: string): number {
  const id = Number(text);
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('A migration is a number, such as 3.');
  return id;
}

function parseWorkers(text: string): number | 'auto' {
  const count = workerCount.read(text);
  if (count === undefined) throw new InvalidArgumentError(`Expected: ${workerCount.expected}.`);
  return count;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  return port;
}
