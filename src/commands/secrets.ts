// `quayside secrets set|list|restore|delete`: the stored secrets of an install.
import { secretNameProblem } from '../definition/secret-reference.ts';
import { EXIT, type Io } from './io.ts';
import { EMPTY_VALUE, givenValue, type SecretCommandOptions, tenantOf, withSecrets } from './on-secrets.ts';

/** Stores what the file or the standard input holds, without the line end behind it. */
export function setSecret(
  options: SecretCommandOptions & { readonly name: string; readonly file?: string },
  io: Io,
): Promise<number> {
  const problem = secretNameProblem(options.name);
  if (problem !== undefined) return Promise.resolve(usage(io, `${JSON.stringify(options.name)} ${problem}.`));
  return withSecrets(options, io, async ({ commands, actor }) => {
    const value = await givenValue(options.file);
    if (value === '') return usage(io, EMPTY_VALUE);
    const { name, version } = await commands.put(actor, options.name, value);
    if (options.json === true) io.out(`${JSON.stringify({ name, version })}\n`);
    else io.out(`${name} is stored (version ${version}); definitions name it \${secret:${name}}.\n`);
    return EXIT.ok;
  });
}

/** Lists names, versions and dates. */
export function listSecrets(options: SecretCommandOptions, io: Io): Promise<number> {
  return withSecrets(options, io, async ({ secrets }) => {
    const found = await secrets.list(tenantOf(options));
    const shown = found.map(({ createdAt, updatedAt, previous, ...rest }) => ({
      ...rest,
      createdAt: new Date(createdAt).toISOString(),
      updatedAt: new Date(updatedAt).toISOString(),
      ...(previous === undefined
        ? {}
        : { previous: { ...previous, until: new Date(previous.until).toISOString() } }),
    }));
    if (options.json === true) io.out(`${JSON.stringify(shown)}\n`);
    else if (shown.length === 0) io.out('No secrets yet; store one with: quayside secrets set <name>\n');
    else
      for (const { name, version, updatedAt, previous } of shown) {
        const kept =
          previous === undefined
            ? ''
            : `  version ${previous.version} can be restored until ${previous.until}`;
        io.out(`${name}  version ${version}  ${updatedAt}${kept}\n`);
      }
    return EXIT.ok;
  });
}

/** Puts the value before the last rotation back. */
export function restoreSecret(
  options: SecretCommandOptions & { readonly name: string },
  io: Io,
): Promise<number> {
  return withSecrets(options, io, async ({ commands, actor }) => {
    const { name, version } = await commands.restore(actor, options.name);
    if (options.json === true) io.out(`${JSON.stringify({ name, version })}\n`);
    else io.out(`${name} has the value before its last rotation again (version ${version}).\n`);
    return EXIT.ok;
  });
}

/** Removes a secret for good. */
export function deleteSecret(
  options: SecretCommandOptions & { readonly name: string },
  io: Io,
): Promise<number> {
  return withSecrets(options, io, async ({ commands, actor }) => {
    await commands.remove(actor, options.name);
    if (options.json === true) io.out(`${JSON.stringify({ name: options.name, deleted: true })}\n`);
    else io.out(`${options.name} is deleted.\n`);
    return EXIT.ok;
  });
}

function usage(io: Io, message: string): number {
  io.err(`${message}\n`);
  return EXIT.usage;
}
