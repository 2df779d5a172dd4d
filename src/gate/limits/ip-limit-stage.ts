// Stage 4: the limit per client address, a bucket of its own that every request consumes, also one that fails later.
import type { GateEvents } from '../events.ts';
import type { RequestStage } from '../stage.ts';
import { limitRefusal } from './limit-answer.ts';
import type { Limiter } from './limiter.ts';

/** Applies where `security.rateLimit.perIp` is set. Refuses with `rate_limited`. */
export function ipLimitStage(deps: {
  readonly limiter: Limiter;
  readonly now: () => number;
  readonly events: GateEvents;
}): RequestStage {
  return {
    name: 'ip-limit',
    prepare(server) {
      const { rateLimit } = server.definition.security;
      const { perIp } = rateLimit;
      if (!rateLimit.enabled || perIp === undefined) return undefined;
      return {
        name: 'ip-limit',
        enter(exchange) {
          if (exchange.transport === 'stdio' || exchange.credentialOptional) return undefined;
          const bucket = deps.limiter.bucket({
            scope: 'ip',
            key: `ip:${server.slug}:${exchange.clientAddress}`,
            limit: perIp,
            strategy: rateLimit.strategy,
            strict: rateLimit.strict,
          });
          const decision = deps.limiter.take([bucket]);
          deps.events.limited('ip', decision.admitted ? 'allowed' : 'refused');
          return decision.admitted ? undefined : limitRefusal(bucket, decision.waitMs, deps.now());
        },
      };
    },
  };
}
