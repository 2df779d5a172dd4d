// `quayside tenants create|list|enable|disable`: the tenants in the store of an install.
import { type InstallFlags, onInstall } from './install.ts';
import { EXIT, type Io } from './io.ts';

type TenantFlags = Omit<InstallFlags, 'tenant'> & { readonly slug: string };

/** Makes a tenant. */
export function createTenant(
  flags: TenantFlags & { readonly name?: string; readonly email?: string },
  io: Io,
): Promise<number> {
  return onInstall(flags, io, async ({ tenantCommands }, actor) => {
    const tenant = await tenantCommands.create(actor, flags.slug, {
      ...(flags.name === undefined ? {} : { name: flags.name }),
      ...(flags.email === undefined ? {} : { contactEmail: flags.email }),
    });
    io.out(
      flags.json === true
        ? `${JSON.stringify(tenant)}\n`
        : `Tenant ${tenant.slug} has the id ${tenant.id}. Make a key for it with: quayside keys create <name> --tenant ${tenant.slug}\n`,
    );
    return EXIT.ok;
  });
}

/** Lists every tenant. */
export function listTenants(flags: Omit<InstallFlags, 'tenant'>, io: Io): Promise<number> {
  return onInstall(flags, io, async ({ tenantCommands }, actor) => {
    const all = await tenantCommands.list(actor);
    if (flags.json === true) io.out(`${JSON.stringify(all)}\n`);
    else
      for (const { id, slug, name, is_active } of all)
        io.out(`${[id, slug, name, is_active ? 'active' : 'switched off'].join('  ')}\n`);
    return EXIT.ok;
  });
}

/** Admits, or refuses, every credential of a tenant. */
export function switchTenant(flags: TenantFlags & { readonly isActive: boolean }, io: Io): Promise<number> {
  return onInstall(flags, io, async ({ tenantCommands }, actor) => {
    const tenant = await tenantCommands.update(actor, flags.slug, { isActive: flags.isActive });
    io.out(
      flags.json === true
        ? `${JSON.stringify(tenant)}\n`
        : `Tenant ${tenant.slug} is ${tenant.is_active ? 'active' : 'switched off'}; running servers notice within a second.\n`,
    );
    return EXIT.ok;
  });
}
