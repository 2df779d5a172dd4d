// What the gate works with, from the settings of the process.
import type { KeyFile } from '../gate/credential/key-file.ts';
import type { GateEvents } from '../gate/events.ts';
import type { Limiter } from '../gate/limits/limiter.ts';
import type { GateDeps } from '../gate/stages.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { AppSettings } from './settings.ts';

/** Once per process, over the one limiter. */
export function createGateDeps(options: {
  readonly settings: AppSettings;
  readonly telemetry: Telemetry;
  readonly keyFile: KeyFile;
  readonly salt: string;
  readonly limiter: Limiter;
}): GateDeps {
  const { settings, telemetry, keyFile, salt, limiter } = options;
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
      keyFile,
      salt,
      now: Date.now,
      ...(apiKeySaltPrevious === undefined ? {} : { previousSalt: apiKeySaltPrevious }),
    },
    events: gateEvents(telemetry),
    running: new Set(),
    observerFor: telemetry.forTarget,
  };
}

function gateEvents(telemetry: Telemetry): GateEvents {
  const log = telemetry.log.child({ component: 'gate' });
  return {
    authenticated: telemetry.auth,
    denied: telemetry.denied,
    limited: telemetry.rateLimit,
    limitWarning: ({ kind, scope, limit, principal }) =>
      log.notice(
        { event: 'ratelimit.warning', scope, limit, principal: principal.id },
        kind === 'reached' ? '80 % of a limit is used.' : 'A lenient limit is exceeded.',
      ),
  };
}
