// `quayside keys create|list|rotate|revoke`: the keys in the store of an install.
import type { Install } from '../app/install.ts';
import type { Actor } from '../gate/actor.ts';
import { generateKey, sha256Hex } from '../gate/credential/key-hash.ts';
import type { ShownKey } from '../gate/credential/key-presenter.ts';
import { type InstallFlags, onInstall } from './install.ts';
import { EXIT, type Io } from './io.ts';

/** What a new key can be given on the command line. */
export interface CreateKeyFlags extends InstallFlags {
  readonly permissions?: readonly string[];
  readonly roles?: readonly string[];
  readonly expires?: string;
  readonly notBefore?: string;
  readonly allowIp?: readonly string[];
  readonly alsoTenant?: readonly string[];
  readonly tier?: string;
  readonly definition?: true;
}

/** Makes a key and prints it, once. With `definition` nothing is stored. */
export async function createKey(flags: CreateKeyFlags & { readonly name: string }, io: Io): Promise<number> {
  if (flags.definition === true) return printDefinitionKey(flags, io);
  return onInstall(flags, io, async ({ keys }, actor) => {
    const { key, shown } = await keys.create(actor, {
      name: flags.name,
      ...(flags.permissions === undefined ? {} : { permissions: flags.permissions }),
      ...(flags.roles === undefined ? {} : { roles: flags.roles }),
      ...(flags.expires === undefined ? {} : { expiresAt: flags.expires }),
      ...(flags.notBefore === undefined ? {} : { notBefore: flags.notBefore }),
      ...(flags.allowIp === undefined ? {} : { allowedIps: flags.allowIp }),
      ...(flags.alsoTenant === undefined ? {} : { tenants: flags.alsoTenant }),
      ...(flags.tier === undefined ? {} : { tier: flags.tier }),
    });
    if (flags.json === true) io.out(`${JSON.stringify({ ...shown, key })}\n`);
    else
      io.out(
        `${key}\nThis is the only time the key is shown. Its id is ${shown.id}; running servers accept it within a second.\n`,
      );
    return EXIT.ok;
  });
}

/** Lists ids, names, states and grants; of every tenant unless one is named. */
export function listKeys(flags: InstallFlags, io: Io): Promise<number> {
  return onInstall(flags, io, async ({ keys, tenants }, actor) => {
    const all = flags.tenant === undefined ? await keys.listEverywhere() : await keys.list(actor);
    if (flags.json === true) {
      io.out(`${JSON.stringify(all)}\n`);
      return EXIT.ok;
    }
    if (all.length === 0) io.out('No keys yet; make one with: quayside keys create <name>\n');
    for (const key of all) {
      const tenant = tenants.find(key.tenant_id)?.slug ?? key.tenant_id;
      io.out(`${[key.id, key.name, stateOf(key), key.created_at, tenant, grantsOf(key)].join('  ')}\n`);
    }
    return EXIT.ok;
  });
}

/** Makes a key with the same rights and prints it, once; the old one ends after the overlap. */
export function rotateKey(
  flags: InstallFlags & { readonly id: string; readonly overlapDays?: number },
  io: Io,
): Promise<number> {
  return onKey(flags, io, async ({ keys }, actor) => {
    const { key, shown, previous } = await keys.rotate(actor, flags.id, flags.overlapDays);
    if (flags.json === true) io.out(`${JSON.stringify({ ...shown, key, previous })}\n`);
    else
      io.out(
        `${key}\nThis is the only time the key is shown. Its id is ${shown.id}; ${previous.id} is valid until ${previous.expiresAt}.\n`,
      );
    return EXIT.ok;
  });
}

/** Switches a key off for good. */
export function revokeKey(flags: InstallFlags & { readonly id: string }, io: Io): Promise<number> {
  return onKey(flags, io, async ({ keys }, actor) => {
    const shown = await keys.revoke(actor, flags.id);
    io.out(flags.json === true ? `${JSON.stringify(shown)}\n` : `Key ${flags.id} is revoked.\n`);
    return EXIT.ok;
  });
}

/** The operator names a key by its id, which says in which tenant to act. */
function onKey(
  flags: InstallFlags & { readonly id: string },
  io: Io,
  work: (install: Install, actor: Actor) => Promise<number>,
): Promise<number> {
  return onInstall(flags, io, async (install, actor) => {
    const tenantId = await install.keys.tenantOf(flags.id);
    if (tenantId !== undefined) return work(install, { ...actor, tenantId });
    io.err(`No key has the id ${JSON.stringify(flags.id)}; \`quayside keys list\` shows the ids.\n`);
    return EXIT.failure;
  });
}

function stateOf({ state, expiresAt }: ShownKey): string {
  return state === 'valid' && expiresAt !== null ? `valid until ${expiresAt}` : state;
}

function grantsOf({ permissions, roles }: ShownKey): string {
  const own = [...(permissions ?? []), ...roles.map((role) => `role ${role}`)];
  if (permissions === null && roles.length === 0) return "the definition's grants to authenticated callers";
  return own.length === 0 ? 'nothing' : own.join(',');
}

function printDefinitionKey(options: { readonly name: string; readonly json?: true }, io: Io): number {
  const { key } = generateKey();
  const keyHash = `sha256:${sha256Hex(key)}`;
  if (options.json === true) io.out(`${JSON.stringify({ name: options.name, key, keyHash })}\n`);
  else
    io.out(
      `${key}\nThis is the only time the key is shown. For security.authentication.apiKeys:\n- { name: ${JSON.stringify(options.name)}, keyHash: "${keyHash}" }\n`,
    );
  return EXIT.ok;
}
