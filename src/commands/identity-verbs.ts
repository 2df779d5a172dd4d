// The words of `quayside keys` and `quayside tenants`. Each verb's module is loaded only when it is called.
import { type Command, InvalidArgumentError } from 'commander';
import type { ExplainFlags } from './explain.ts';
import type { InstallFlags } from './install.ts';
import type { Finish, Io } from './io.ts';
import type { CreateKeyFlags } from './keys.ts';

/** `keys create|list|rotate|revoke`. */
export function addKeyVerbs(program: Command, io: Io, finish: Finish): void {
  const keys = program.command('keys').description('API keys of this install');
  addCreate(keys, io, finish);
  withTenant(withData(keys.command('list').description('list the keys; never shows a key itself'))).action(
    async (flags: InstallFlags) => {
      const { listKeys } = await import('./keys.ts');
      finish(await listKeys(flags, io));
    },
  );
  withData(
    keys.command('rotate').description('make a key with the same rights; the old one ends after the overlap'),
  )
    .argument('<id>', 'the 8 characters after qs_')
    .option('--overlap-days <days>', 'how long both are valid, 0 to 90 (default: 7)', parseDays)
    .action(async (id: string, flags: InstallFlags & { overlapDays?: number }) => {
      const { rotateKey } = await import('./keys.ts');
      finish(await rotateKey({ id, ...flags }, io));
    });
  withData(
    keys.command('revoke').description('switch a key off for good; running servers notice within a second'),
  )
    .argument('<id>', 'the 8 characters after qs_')
    .action(async (id: string, flags: InstallFlags) => {
      const { revokeKey } = await import('./keys.ts');
      finish(await revokeKey({ id, ...flags }, io));
    });
}

function addCreate(keys: Command, io: Io, finish: Finish): void {
  withTenant(withData(keys.command('create').description('make a key and print it, once')))
    .argument('[name]', 'who will use it', 'key')
    .option(
      '--permissions <list>',
      'comma-separated permissions (default: what the definition grants to authenticated callers)',
      splitList,
    )
    .option('--roles <list>', 'comma-separated roles, such as readonly', splitList)
    .option('--expires <date>', 'ISO 8601 date or date-time after which the key is refused')
    .option('--not-before <date>', 'ISO 8601 date or date-time before which the key is refused')
    .option('--allow-ip <list>', 'comma-separated addresses or CIDR ranges it is accepted from', splitList)
    .option('--also-tenant <list>', 'comma-separated further tenants that X-Tenant-ID may choose', splitList)
    .option('--tier <name>', 'tier that chooses a limit')
    .option('--definition', 'store nothing: print the key and the keyHash line for a definition')
    .action(async (name: string, flags: CreateKeyFlags) => {
      const { createKey } = await import('./keys.ts');
      finish(await createKey({ name, ...flags }, io));
    });
}

/** `tenants create|list|enable|disable`. */
export function addTenantVerbs(program: Command, io: Io, finish: Finish): void {
  const tenants = program.command('tenants').description('tenants of this install');
  withData(tenants.command('create').description('make a tenant'))
    .argument('<slug>', 'lower-case letters, digits and hyphens; never changes')
    .option('--name <text>', 'name for people (default: the slug)')
    .option('--email <address>', 'whom to write to')
    .action(async (slug: string, flags: InstallFlags & { name?: string; email?: string }) => {
      const { createTenant } = await import('./tenants.ts');
      finish(await createTenant({ slug, ...flags }, io));
    });
  withData(tenants.command('list').description('list the tenants')).action(async (flags: InstallFlags) => {
    const { listTenants } = await import('./tenants.ts');
    finish(await listTenants(flags, io));
  });
  for (const [verb, isActive, what] of [
    ['enable', true, 'admit the credentials of a tenant again'],
    ['disable', false, 'refuse every credential of a tenant'],
  ] as const) {
    withData(tenants.command(verb).description(what))
      .argument('<slug>', 'slug or id')
      .action(async (slug: string, flags: InstallFlags) => {
        const { switchTenant } = await import('./tenants.ts');
        finish(await switchTenant({ slug, isActive, ...flags }, io));
      });
  }
}

/** `explain <tool> --as <key>`. */
export function addExplain(program: Command, io: Io, finish: Finish): void {
  withData(program.command('explain').description('which rule decides whether a key may call a tool'))
    .argument('<tool>', 'name of the tool')
    .argument('[path]', 'definition file or folder (default as for serve)')
    .requiredOption('--as <key>', 'id or name of a key, or anonymous')
    .option('--server <slug>', 'which server of several (default: the default server)')
    .option('--address <ip>', 'where the call would come from')
    .action(async (tool: string, path: string | undefined, flags: Omit<ExplainFlags, 'tool' | 'path'>) => {
      const { explain } = await import('./explain.ts');
      finish(await explain({ tool, ...(path === undefined ? {} : { path }), ...flags }, io));
    });
}

function withData(command: Command): Command {
  return command
    .option('--data <folder>', 'folder for state (QUAYSIDE_DATA_DIR; default ./data)')
    .option('--json', 'print JSON');
}

function withTenant(command: Command): Command {
  return command.option('--tenant <slug>', 'tenant to act in, by slug or id');
}

function parseDays(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new InvalidArgumentError('Days are a whole number from 0 to 90.');
  return Number(text);
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
