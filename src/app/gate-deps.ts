// What the gate works with, from the settings of the process.
import type { KeyFile } from '../gate/credential/key-file.ts';
import type { GateEvents } from '../gate/events.ts';
import { createLimiter } from '../gate/limits/limiter.ts';
import type { GateDeps } from '../gate/stages.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Once } from './once.ts';
import type { AppSettings } from './settings.ts';

/** One limiter per process: a reload must not give anybody a fresh allowance. */
export function createGateDeps(options: {
  readonly settings: AppSettings;
  readonly telemetry: Telemetry;
  readonly keyFile: KeyFile;
  readonly salt: string;
  readonly once: Once;
}): GateDeps {
  const { settings, telemetry, keyFile, salt, once } = options;
  const { publicUrl, allowedHosts, ipAllowlist, apiKeySaltPrevious } = settings.environment;
  const now = () => performance.now();
  return {
    host: {
      bindHost: settings.host,
      allowedHosts: allowedHosts ?? [],
      ...(publicUrl === undefined ? {} : { publicUrl }),
    },
    ipAllowlist: ipAllowlist ?? [],
    limiter: createLimiter(now),
    now,
    credential: {
      keyFile,
      salt,
      now: Date.now,
      ...(apiKeySaltPrevious === undefined ? {} : { previousSalt: apiKeySaltPrevious }),
    },
    events: gateEvents(telemetry),
    running: new Set(),
    observerFor: telemetry.forTarget,
    idempotency: once.idempotency,
    cache: once.cache,
    approvals: once.approvals,
  };
}

function gateEvents(telemetry: Telemetry): GateEvents {
  const log = telemetry.log.child({ component: 'gate' });
  return {
    authenticated: telemetry.auth,
    denied: telemetry.denied,
    limited: telemetry.rateLimit,
    limitWarning: ({ scope, limit, principal }) =>
      log.notice(
        { event: 'ratelimit.warning', scope, limit, principal: principal.id },
        '80 % of a limit is used.',
      ),
  };
}
