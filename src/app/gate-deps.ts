// What the gate works with, from the settings of the process.
import type { GateEvents } from '../gate/events.ts';
import type { Limiter } from '../gate/limits/limiter.ts';
import type { SamplerFor } from '../gate/rollout-stage.ts';
import { RunningOperations } from '../gate/running-operations.ts';
import type { GateDeps } from '../gate/stages.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { WorkerLink } from '../workers/worker-link.ts';
import type { AppAudit } from './audit.ts';
import type { AppFlags } from './flags.ts';
import type { Identity } from './identity.ts';
import type { Once } from './once.ts';
import type { AppSettings } from './settings.ts';
import { tenantHeaderAccess } from './tenant-header.ts';
import type { TokenAccess } from './tokens.ts';
import { sharedSlots } from './workers/slots.ts';

/** Once per process, over the one limiter. */
export function createGateDeps(options: {
  readonly settings: AppSettings;
  readonly telemetry: Telemetry;
  readonly identity: Pick<Identity, 'ring' | 'tenants'>;
  readonly audit: AppAudit;
  readonly tokens: TokenAccess;
  readonly salt: string;
  readonly limiter: Limiter;
  readonly once: Once;
  readonly flags: Pick<AppFlags, 'debugged'>;
  readonly samplerFor: SamplerFor;
  readonly worker: WorkerLink | undefined;
}): GateDeps {
  const { settings, telemetry, identity, audit, tokens, limiter, once, flags, salt } = options;
  const { publicUrl, allowedHosts, ipAllowlist, apiKeySaltPrevious } = settings.environment;
  return {
    host: {
      bindHost: settings.host,
      allowedHosts: allowedHosts ?? [],
      ...(publicUrl === undefined ? {} : { publicUrl }),
    },
    ipAllowlist: ipAllowlist ?? [],
    limiter,
    credential: {
      keys: identity.ring,
      salt,
      now: Date.now,
      tokens,
      ...(apiKeySaltPrevious === undefined ? {} : { previousSalt: apiKeySaltPrevious }),
      ...tenantHeaderAccess(settings, identity.tenants),
    },
    tenants: identity.tenants,
    events: gateEvents(telemetry, audit.gateEvents),
    audit: audit.log,
    running: new RunningOperations(),
    observerFor: telemetry.forTarget,
    debugged: flags.debugged,
    samplerFor: options.samplerFor,
    idempotency: once.idempotency,
    cache: once.cache,
    approvals: once.approvals,
    sharedSlots: options.worker === undefined ? undefined : sharedSlots(options.worker),
  };
}

function gateEvents(telemetry: Telemetry, audit: AppAudit['gateEvents']): GateEvents {
  const log = telemetry.log.child({ component: 'gate' });
  return {
    authenticated: telemetry.auth,
    denied: telemetry.denied,
    limited: telemetry.rateLimit,
    limitWarning(warning) {
      const { kind, scope, limit, principal } = warning;
      log.notice(
        { event: 'ratelimit.warning', scope, limit, principal: principal.id },
        kind === 'reached' ? '80 % of a limit is used.' : 'A lenient limit is exceeded.',
      );
      audit.limitWarning(warning);
    },
    ...(audit.refused === undefined ? {} : { refused: audit.refused }),
    ...(audit.admitted === undefined ? {} : { admitted: audit.admitted }),
  };
}
