// Stage 4: the limits per client address, buckets of their own that every request consumes, also one that fails later.
import type { RateLimit } from '../../definition/schema/security.ts';
import type { QuaysideError } from '../../errors.ts';
import { LIMIT_CLASSES, type LimitClass } from '../../route.ts';
import type { WindowLimit } from '../../tool.ts';
import type { Exchange, PreparedRequestStage, RequestStage } from '../stage.ts';
import type { Bucket } from './bucket.ts';
import type { BucketTable } from './bucket-table.ts';
import { type LimitDeps, settle } from './limit-outcome.ts';
import { routeLimit } from './route-classes.ts';

/**
 * Scope `ip` where `security.rateLimit.perIp` is set, and scope `route` on routes with a limit of their class. Refuses
 * with `rate_limited`, or with `limits_unavailable` where shared counters are lost.
 */
export function ipLimitStage(deps: LimitDeps): RequestStage {
  return {
    name: 'ip-limit',
    prepare(server) {
      const { rateLimit } = server.definition.security;
      return rateLimit.enabled ? prepareAddresses(deps, server.slug, rateLimit) : undefined;
    },
  };
}

function prepareAddresses(deps: LimitDeps, server: string, rateLimit: RateLimit): PreparedRequestStage {
  const { strategy, strict, perIp, onBackendError } = rateLimit;
  const table = (scope: 'ip' | 'route', limit: WindowLimit): BucketTable =>
    deps.limiter.buckets({ scope, server, limit, strategy, strict });
  const addresses = perIp === undefined ? undefined : table('ip', perIp);
  const classes = new Map(
    LIMIT_CLASSES.map(
      (limitClass) => [limitClass, table('route', routeLimit(limitClass, rateLimit))] as const,
    ),
  );
  const bucketsOf = (address: string, limitClass: LimitClass | undefined): readonly Bucket[] => {
    const own = addresses === undefined ? [] : [addresses.of(address)];
    const ofClass = limitClass === undefined ? undefined : classes.get(limitClass);
    return ofClass === undefined ? own : [...own, ofClass.of(`${limitClass}:ip:${address}`)];
  };
  return {
    name: 'ip-limit',
    enter(exchange) {
      const { limitClass } = exchange;
      if (limitClass === undefined && (addresses === undefined || exchange.credentialOptional))
        return undefined;
      if (exchange.transport === 'stdio') return undefined;
      const buckets = bucketsOf(exchange.clientAddress, limitClass);
      const decision = deps.limiter.take(buckets, onBackendError, costOf(exchange));
      return decision instanceof Promise
        ? decision.then((late): QuaysideError | undefined => settle(deps, buckets, exchange, late))
        : settle(deps, buckets, exchange, decision);
    },
  };
}

/** A batch counts its members. */
function costOf({ body }: Exchange): number {
  return Array.isArray(body) ? Math.max(1, body.length) : 1;
}
