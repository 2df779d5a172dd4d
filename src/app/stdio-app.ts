// Serves one server over stdin and stdout, for clients that start their servers themselves.
import { createKeyTables } from '../gate/credential/key-table.ts';
import { DEFAULT_TENANT } from '../gate/tenant/tenant.ts';
import type { ServerPlan } from '../plan/server-plan.ts';
import type { BuildInfo } from '../telemetry/telemetry.ts';
import type { Principal } from '../tool.ts';
import { createStdioTransport } from '../transport/stdio.ts';
import { ConfigurationError } from './configuration-error.ts';
import { type Core, createCore } from './core.ts';
import type { AppSettings } from './settings.ts';

export interface StdioAppOptions {
  readonly settings: AppSettings;
  readonly build: BuildInfo;
  /** Default: the default server. */
  readonly slug: string | undefined;
  /** `QUAYSIDE_API_KEY`. */
  readonly key: string | undefined;
}

/**
 * Resolves when the input has ended and every request has its answer. Throws ConfigurationError for an unknown
 * server or an invalid key (ruling "stdio").
 */
export async function runStdioApp(options: StdioAppOptions): Promise<void> {
  const core = await createCore({ ...options, transport: 'stdio' });
  try {
    const server = serverOf(core, options.slug);
    const transport = createStdioTransport({
      plans: core.plans.holder,
      protocol: core.protocol,
      log: core.telemetry.log.child({ component: 'stdio' }),
      principal: principalOf(core, server, options),
      ...(options.slug === undefined ? {} : { slug: options.slug }),
      input: process.stdin,
      output: process.stdout,
      observeRequest: core.telemetry.observeRequest,
    });
    for (const warning of core.warnings) core.telemetry.log.warn({}, warning);
    const stop = () => transport.stop();
    process.once('SIGTERM', stop).once('SIGINT', stop);
    process.on('SIGHUP', () => void core.plans.reloader.reload());
    core.plans.watch();
    await transport.run();
  } finally {
    await core.close();
    await core.telemetry.close();
  }
}

function serverOf(core: Core, slug: string | undefined): ServerPlan {
  const { servers, defaultServer } = core.plans.holder.current();
  if (slug === undefined) return defaultServer;
  const server = servers.get(slug);
  if (server !== undefined) return server;
  throw new ConfigurationError([
    `--server ${slug}: there is no server of this name; known are ${[...servers.keys()].join(', ')}.`,
  ]);
}

/** The key's principal, or without a key the local one with what authenticated callers are granted. */
function principalOf(core: Core, server: ServerPlan, options: StdioAppOptions): Principal {
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
