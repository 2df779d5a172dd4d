// The feature flags of the process, and what the product itself switches by them.

import type { Egress } from '../egress/egress.ts';
import { subjectOf } from '../flags/flag.ts';
import { createFlagCommands } from '../flags/flag-commands.ts';
import { openFlagDirectory } from '../flags/flag-directory.ts';
import { flagRoutes } from '../flags/flag-routes.ts';
import { createFlags, type Flags } from '../flags/flags.ts';
import { createOfrepClient } from '../flags/remote/ofrep.ts';
import { createRemoteFlags, type RemoteFlags } from '../flags/remote/remote-flags.ts';
import { ENHANCED_LOGGING, STREAMING_RESPONSES } from '../flags/shipped-flags.ts';
import type { GateDeps } from '../gate/stages.ts';
import type { Component } from '../operations/health/health.ts';
import type { Plan } from '../plan/server-plan.ts';
import type { Route } from '../route.ts';
import { createDebugCall } from '../telemetry/debugged-call.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Principal } from '../tool.ts';
import { type AppSettings, environmentOf } from './settings.ts';
import type { State } from './state.ts';

export interface AppFlags {
  readonly flags: Flags;
  readonly routes: readonly Route[];
  /** Present where an outside service decides. */
  readonly component: Component | undefined;
  /** `enhanced-logging`, as the outermost stage asks for it. */
  readonly debugged: NonNullable<GateDeps['debugged']>;
  /** `streaming-responses`, as the transport asks for it. */
  readonly streamsAtOnce: (principal: Principal, onBehalfOf: string | undefined) => boolean;
  close(): void;
}

export interface AppFlagsDeps {
  readonly settings: AppSettings;
  readonly telemetry: Telemetry;
  readonly egress: Egress;
  readonly state: Pick<State, 'store' | 'audit' | 'identity'>;
  /** The plan in force; asked only once there is one. */
  readonly plan: () => Plan;
}

/** Rejects when the flags cannot be read. */
export async function openFlags(deps: AppFlagsDeps): Promise<AppFlags> {
  const { telemetry, plan } = deps;
  const { store, audit, identity } = deps.state;
  const { tenants } = identity;
  const log = telemetry.log.child({ component: 'flags' });
  const directory = await openFlagDirectory({
    store,
    environment: environmentOf(deps.settings),
    declared: () => plan().defaultServer.definition.flags,
    onFailure: (error) => log.error({ error }, 'Flags could not be read; what was known holds.'),
  });
  const remote = remoteOf(deps, log);
  const flags = createFlags(directory, remote);
  const commands = createFlagCommands({ store, flags: directory, now: Date.now, audit: audit.events });
  const isOn = (key: string, principal: Principal, onBehalfOf: string | undefined) =>
    flags.isOn(key, () => subjectOf(principal, onBehalfOf, tenants.find(principal.tenantId)?.slug));
  const debugCall = createDebugCall(telemetry.log.child({ component: 'calls' }));
  return {
    flags,
    routes: flagRoutes({
      commands,
      flags,
      tenant: tenants.find,
      permissions: () => plan().defaultServer.definition.security.permissions,
    }),
    component: remote === undefined ? undefined : remoteComponent(remote),
    debugged: (operation) =>
      isOn(ENHANCED_LOGGING, operation.principal, operation.onBehalfOf)
        ? (run) => debugCall(operation, run)
        : undefined,
    streamsAtOnce: (principal, onBehalfOf) => isOn(STREAMING_RESPONSES, principal, onBehalfOf),
    close: directory.close,
  };
}

function remoteOf(
  { settings, egress }: AppFlagsDeps,
  log: ReturnType<Telemetry['log']['child']>,
): RemoteFlags | undefined {
  const { flagsUrl, flagsToken } = settings.environment;
  if (flagsUrl === undefined) return undefined;
  const evaluate = createOfrepClient({
    url: flagsUrl,
    environment: environmentOf(settings),
    egress,
    ...(flagsToken === undefined ? {} : { token: flagsToken }),
  });
  return createRemoteFlags({ evaluate, monotonic: () => performance.now(), log });
}

function remoteComponent(remote: RemoteFlags): Component {
  return {
    name: 'flag_service',
    critical: false,
    check() {
      const message = remote.problem();
      return message === undefined ? { status: 'healthy' } : { status: 'degraded', message };
    },
  };
}
