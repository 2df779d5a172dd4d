// Who may call: keys and tenants of the store, with the commands over them, for HTTP, stdio and the command line.

import { systemClock } from '../clock.ts';
import type { LoadedDefinition } from '../definition/load.ts';
import type { AuditLog } from '../gate/audit/audit.ts';
import { createKeyCommands, type KeyCommands } from '../gate/credential/key-commands.ts';
import { keyAges, startKeyHousekeeping } from '../gate/credential/key-housekeeping.ts';
import { type KeyRing, openKeyRing } from '../gate/credential/key-ring.ts';
import { keyRoutes } from '../gate/credential/key-routes.ts';
import type { ExplainDeps } from '../gate/permission/explain-caller.ts';
import { explainRoute } from '../gate/permission/explain-route.ts';
import { createTenantCommands, type TenantCommands } from '../gate/tenant/tenant-commands.ts';
import { openTenantDirectory, type TenantDirectory } from '../gate/tenant/tenant-directory.ts';
import { tenantRoutes } from '../gate/tenant/tenant-routes.ts';
import type { Plan } from '../plan/server-plan.ts';
import type { Route } from '../route.ts';
import type { Store } from '../store/store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { AppSettings } from './settings.ts';

export interface Identity {
  readonly ring: KeyRing;
  readonly tenants: TenantDirectory;
  readonly keyCommands: KeyCommands;
  readonly tenantCommands: TenantCommands;
  readonly routes: readonly Route[];
  /** Makes the tenants that definitions name and the store does not have yet. */
  ensureTenants(definitions: readonly LoadedDefinition[]): Promise<void>;
  /** Writes down what is left to write; before the store is closed. */
  close(): Promise<void>;
}

export interface IdentityDeps {
  readonly store: Store;
  readonly telemetry: Telemetry;
  /** `API_KEY_SALT`. */
  readonly salt: string;
  /** Absent: changes are not written down. */
  readonly audit?: AuditLog;
  /** `QUAYSIDE_IP_ALLOWLIST`. */
  readonly processAllowlist: readonly string[];
  /** The plan in force; asked only when there is one. */
  readonly plan: () => Plan;
}

/** Reads keys and tenants, and follows them from then on. Rejects when the store cannot be read. */
export async function openIdentity(deps: IdentityDeps): Promise<Identity> {
  const { store, telemetry, salt, plan } = deps;
  const permissions = () => plan().defaultServer.definition.security.permissions;
  const log = telemetry.log.child({ component: 'identity' });
  const onFailure = (error: unknown) => log.error({ error }, 'Keys or tenants could not be read or written.');
  const [ring, tenants] = await Promise.all([
    openKeyRing(store, onFailure),
    openTenantDirectory(store, onFailure),
  ]);
  const audit = deps.audit === undefined ? {} : { audit: deps.audit };
  const keyCommands = createKeyCommands({
    store,
    tenants,
    salt,
    now: Date.now,
    defaults: () => permissions().authenticated,
    changed: ring.refresh,
    ...audit,
  });
  const tenantCommands = createTenantCommands({ store, tenants, now: Date.now, ...audit });
  const stopHousekeeping = startKeyHousekeeping({
    ring,
    clock: systemClock,
    warn: ({ id, name, tenantId }, days) =>
      log.warn(
        { key: id, name, tenant_id: tenantId, age_days: Math.floor(days) },
        'A key is due for rotation.',
      ),
    onFailure,
    ...audit,
  });
  telemetry.watchKeyAges(() =>
    keyAges(ring.keys(), Date.now()).map(({ key, days }) => ({ name: key.name, days })),
  );
  return {
    ring,
    tenants,
    keyCommands,
    tenantCommands,
    routes: [
      ...keyRoutes({ keys: keyCommands, permissions }),
      ...tenantRoutes({ tenants: tenantCommands, permissions }),
      explainRoute({ ...explainDeps(deps, ring, tenants), permissions }),
    ],
    ensureTenants: (definitions) => tenantCommands.ensure(definitions.flatMap(namedTenants)),
    async close() {
      ring.close();
      tenants.close();
      await stopHousekeeping();
    },
  };
}

/** Replicas on one database share its keys only when they hash them alike. */
export function checkSharedSalt({ environment }: Pick<AppSettings, 'environment'>): {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
} {
  const isShared = environment.databaseUrl !== undefined || environment.databaseHost !== undefined;
  if (!isShared || environment.apiKeySalt !== undefined) return { errors: [], warnings: [] };
  return {
    errors: [],
    warnings: [
      'API_KEY_SALT: is not set, so the one in the data folder counts; keys of this database are unknown to replicas with another folder until all share one.',
    ],
  };
}

function explainDeps(
  { plan, processAllowlist }: IdentityDeps,
  ring: KeyRing,
  tenants: TenantDirectory,
): ExplainDeps {
  return {
    tenants,
    storedKeys: ring.keys,
    server: (slug) => (slug === undefined ? plan().defaultServer : plan().servers.get(slug)),
    permissionOf: ({ slug }, tool) => plan().servers.get(slug)?.tools.get(tool)?.target.permission,
    processAllowlist,
    now: Date.now,
  };
}

function namedTenants({ definition }: LoadedDefinition): readonly string[] {
  return (definition.security.authentication?.apiKeys ?? []).flatMap(({ tenant }) => tenant ?? []);
}
