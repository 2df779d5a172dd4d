// Stage 8: the remaining limits of an operation: server, principal, tool and concurrency, taken all or none.
import type { Definition } from '../../definition/schema/definition.ts';
import type { QuaysideError } from '../../errors.ts';
import type { Operation, Principal, WindowLimit } from '../../tool.ts';
import type { GateEvents } from '../events.ts';
import type { GateServer, OperationStage, PreparedStage, Target } from '../stage.ts';
import { addLimitHeaders, limitRefusal } from './limit-answer.ts';
import type { Bucket, BucketRule, Limiter } from './limiter.ts';

export interface LimitStageDeps {
  readonly limiter: Limiter;
  /** The limiter's clock. */
  readonly now: () => number;
  readonly events: GateEvents;
}

/** Rules per governance §6.1. Refuses with `rate_limited`; sets the rate limit headers of the answer. */
export function limitStage(deps: LimitStageDeps): OperationStage {
  return {
    name: 'limits',
    prepare(target, server) {
      return server.definition.security.rateLimit.enabled ? prepareLimits(deps, target, server) : undefined;
    },
  };
}

function prepareLimits(deps: LimitStageDeps, target: Target, server: GateServer): PreparedStage {
  // One array of buckets per principal: resolved at its first call, so a call costs one look-up.
  const perPrincipal = new WeakMap<Principal, readonly Bucket[]>();
  const bucketsOf = (principal: Principal): readonly Bucket[] => {
    let buckets = perPrincipal.get(principal);
    if (buckets === undefined) {
      buckets = rulesFor(target, server, principal).map((rule) => deps.limiter.bucket(rule));
      perPrincipal.set(principal, buckets);
    }
    return buckets;
  };
  return {
    name: 'limits',
    enter: (operation) => enterLimits(deps, operation, bucketsOf(operation.principal)),
  };
}

function enterLimits(
  deps: LimitStageDeps,
  operation: Operation,
  buckets: readonly Bucket[],
): QuaysideError | undefined {
  const decision = deps.limiter.take(buckets);
  if (!decision.admitted) {
    deps.events.limited(decision.by.scope, 'refused');
    return limitRefusal(decision.by, decision.waitMs, deps.now());
  }
  for (const bucket of buckets) deps.events.limited(bucket.scope, 'allowed');
  for (const bucket of decision.warned) {
    deps.events.limited(bucket.scope, 'warned');
    deps.events.limitWarning({ scope: bucket.scope, limit: bucket.limit, principal: operation.principal });
  }
  if (decision.tightest !== undefined)
    addLimitHeaders(operation.answerHeaders, decision.tightest, deps.now());
  return undefined;
}

function rulesFor(target: Target, server: GateServer, principal: Principal): BucketRule[] {
  const { rateLimit } = server.definition.security;
  const { strategy, strict } = rateLimit;
  const rules: BucketRule[] = [];
  const add = (scope: BucketRule['scope'], key: string, limit: WindowLimit | undefined) => {
    if (limit !== undefined)
      rules.push({ scope, key: `${scope}:${server.slug}:${key}`, limit, strategy, strict });
  };
  add('server', '*', rateLimit.server);
  // Governance §6.1: `initialize` counts against address and server only.
  if (target.name === 'initialize') return rules;
  add('principal', `${principal.type}:${principal.id}`, principalLimit(server.definition, principal));
  if (target.tool !== undefined) {
    add('tool', target.name, toolLimit(rateLimit.perTool, target.tool.name, target.tool.listedName));
    // Two buckets, so the stricter of both wins whatever their windows are.
    add('tool', `${target.name}:own`, target.tool.rateLimit);
  }
  return rules;
}

/** The key's own limit, else `perApiKey` by name or tier, else `global`, else `window`/`maxRequests`. */
function principalLimit(definition: Definition, principal: Principal): WindowLimit {
  const { rateLimit } = definition.security;
  return (
    principal.rateLimit ??
    rateLimit.perApiKey[principal.name] ??
    (principal.tier === undefined ? undefined : rateLimit.perApiKey[principal.tier]) ??
    rateLimit.global ?? { window: rateLimit.window, maxRequests: rateLimit.maxRequests }
  );
}

function toolLimit(
  perTool: Readonly<Record<string, WindowLimit>>,
  name: string,
  listedName: string,
): WindowLimit | undefined {
  return perTool[name] ?? perTool[listedName];
}
