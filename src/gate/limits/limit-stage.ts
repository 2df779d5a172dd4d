// Stage 8: the limits of an operation that its principal is known for, taken all or none.
import type { Principal } from '../../tool.ts';
import type { GateServer, OperationStage, PreparedStage, Target } from '../stage.ts';
import type { Bucket } from './bucket.ts';
import { type LimitDeps, settle } from './limit-outcome.ts';
import { bucketsFor } from './scopes.ts';

/**
 * Scopes server, tenant, principal, user, tool and route (governance §6.1). Refuses with `rate_limited`, or with
 * `limits_unavailable` where shared counters are lost; sets the rate limit headers of the answer.
 */
export function limitStage(deps: LimitDeps): OperationStage {
  return {
    name: 'limits',
    prepare(target, server) {
      return server.definition.security.rateLimit.enabled ? prepareLimits(deps, target, server) : undefined;
    },
  };
}

function prepareLimits(deps: LimitDeps, target: Target, server: GateServer): PreparedStage {
  const { onBackendError } = server.definition.security.rateLimit;
  const bucketsOf = rememberBuckets((principal) => bucketsFor(deps.limiter, target, server, principal));
  return {
    name: 'limits',
    enter(operation) {
      const buckets = bucketsOf(operation.principal);
      const decision = deps.limiter.take(buckets, onBackendError);
      return decision instanceof Promise
        ? decision.then((late) => settle(deps, buckets, operation, late))
        : settle(deps, buckets, operation, decision);
    },
  };
}

/** One array of buckets per principal: resolved at its first call, so a call costs one look-up at most. */
function rememberBuckets(
  resolve: (principal: Principal) => readonly Bucket[],
): (principal: Principal) => readonly Bucket[] {
  const perPrincipal = new WeakMap<Principal, readonly Bucket[]>();
  // Callers call more than once in a row, and a comparison is cheaper than a look-up.
  let last: Principal | undefined;
  let lastBuckets: readonly Bucket[] = [];
  return (principal) => {
    const known = principal === last ? lastBuckets : perPrincipal.get(principal);
    const buckets = known !== undefined && areKept(known) ? known : resolve(principal);
    if (buckets !== known) perPrincipal.set(principal, buckets);
    last = principal;
    lastBuckets = buckets;
    return buckets;
  };
}

function areKept(buckets: readonly Bucket[]): boolean {
  for (const bucket of buckets) if (!bucket.isKept) return false;
  return true;
}
