// Who calls where no listener is: over standard input, or by a command of the operator.
import { createKeyTables } from '../gate/credential/key-table.ts';
import { DEFAULT_TENANT } from '../gate/tenant/tenant.ts';
import type { ServerPlan } from '../plan/server-plan.ts';
import type { Principal } from '../tool.ts';
import { ConfigurationError } from './configuration-error.ts';
import type { Core } from './core.ts';
import type { AppSettings } from './settings.ts';

/** The named server, else the default one. Throws ConfigurationError for an unknown name. */
export function serverOf(core: Pick<Core, 'plans'>, slug: string | undefined): ServerPlan {
  const { servers, defaultServer } = core.plans.holder.current();
  if (slug === undefined) return defaultServer;
  const server = servers.get(slug);
  if (server !== undefined) return server;
  throw new ConfigurationError([
    `--server ${slug}: there is no server of this name; known are ${[...servers.keys()].join(', ')}.`,
  ]);
}

/**
 * The key's principal, or without a key the local one with what authenticated callers are granted. Throws
 * ConfigurationError for a key that is not accepted (ruling "stdio").
 */
export function principalOf(
  core: Pick<Core, 'secrets' | 'identity'>,
  server: ServerPlan,
  options: { readonly key: string | undefined; readonly settings: AppSettings },
): Principal {
  const { security } = server.definition;
  if (options.key === undefined) {
    return {
      type: 'local',
      id: 'local',
      name: 'local',
      tenantId: DEFAULT_TENANT,
      roles: [],
      permissions: security.permissions.authenticated,
    };
  }
  const build = createKeyTables({
    definitionKeys: security.authentication?.apiKeys ?? [],
    permissions: security.permissions,
    salt: core.secrets.apiKeySalt,
    ...(options.settings.environment.apiKeySaltPrevious === undefined
      ? {}
      : { previousSalt: options.settings.environment.apiKeySaltPrevious }),
  });
  const found = build(core.identity.ring.keys()).find(options.key, '127.0.0.1', Date.now());
  if (typeof found !== 'string') {
    const tenant = core.identity.tenants.find(found.tenantId);
    if (tenant?.isActive === true) return { ...found, tenantId: tenant.id };
    throw new ConfigurationError([
      `QUAYSIDE_API_KEY is not accepted: its tenant ${found.tenantId} is unknown or switched off.`,
    ]);
  }
  throw new ConfigurationError([
    `QUAYSIDE_API_KEY is not accepted (${found}); make a key with \`quayside keys create\`, or unset it.`,
  ]);
}
