// The words of `quayside users`; what they do is in users.ts.
import type { Command } from 'commander';
import type { Io } from './io.ts';

interface Options {
  readonly data?: string;
  readonly json?: true;
}

/** Adds the verbs; `finish` takes the exit code. */
export function addUsers(program: Command, io: Io, finish: (exitCode: number) => void): void {
  const users = program.command('users').description('people who log in here (authentication.local)');
  const verb = (name: string, description: string) =>
    users
      .command(name)
      .description(description)
      .option('--data <folder>', 'folder for state (QUAYSIDE_DATA_DIR; default ./data)')
      .option('--json', 'print JSON');
  const granting = (command: Command) =>
    command
      .argument('<email>', 'address that the person logs in with')
      .option('--roles <list>', 'comma-separated roles', splitList)
      .option('--permissions <list>', 'comma-separated permissions, such as admin:users', splitList)
      .option('--tenant <id>', 'tenant of the person', 'default');
  type Granting = Options & { roles?: string[]; permissions?: string[]; tenant: string };

  granting(verb('create', 'make an account and print its password, once'))
    .option('--name <name>', 'how the person is shown')
    .action(async (email: string, options: Granting & { name?: string }) => {
      const { createUser } = await import('./users.ts');
      finish(await createUser({ email, ...options }, io));
    });
  granting(
    verb('invite', 'print an invitation, with which its receiver makes an account within 7 days'),
  ).action(async (email: string, options: Granting) => {
    const { inviteUser } = await import('./users.ts');
    finish(await inviteUser({ email, ...options }, io));
  });
  verb('list', 'list the accounts').action(async (options: Options) => {
    const { listUsers } = await import('./users.ts');
    finish(await listUsers(options, io));
  });
  for (const [name, description] of [
    ['disable', 'switch an account off and end its logins'],
    ['enable', 'switch an account on again'],
    ['password', 'replace the password, print the new one, once, and end the logins'],
  ] as const) {
    verb(name, description)
      .argument('<email>', 'address of the account')
      .action(async (email: string, options: Options) => {
        const { changeUser } = await import('./users.ts');
        finish(await changeUser({ email, change: name, ...options }, io));
      });
  }
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
