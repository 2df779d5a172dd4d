// Which rules count a call, and whom each of them counts (governance §6.1).
import type { RateLimit } from '../../definition/schema/security.ts';
import type { Principal, WindowLimit } from '../../tool.ts';
import type { GateServer, Target } from '../stage.ts';
import type { Bucket, LimitScope } from './bucket.ts';
import type { Limiter } from './limiter.ts';
import { routeLimit } from './route-classes.ts';
import { limitsOfTier } from './tiers.ts';

/** The buckets of a principal's calls to one target, without that of its address. */
export function bucketsFor(
  limiter: Limiter,
  target: Target,
  server: GateServer,
  principal: Principal,
): readonly Bucket[] {
  const { rateLimit } = server.definition.security;
  const { strategy, strict } = rateLimit;
  const buckets: Bucket[] = [];
  const add = (scope: LimitScope, key: string, limit: WindowLimit | undefined) => {
    if (limit === undefined) return;
    buckets.push(limiter.buckets({ scope, server: server.slug, limit, strategy, strict }).of(key));
  };
  add('server', '*', rateLimit.server);
  // `initialize` counts against address and server only.
  if (target.name === 'initialize') return buckets;
  add('tenant', principal.tenantId, rateLimit.perTenant);
  const caller = `${principal.type}:${principal.tenantId}:${principal.id}`;
  for (const limit of principalLimits(rateLimit, principal)) add('principal', caller, limit);
  const user = userOf(principal);
  add('user', user, rateLimit.perUser);
  if (target.tool !== undefined) {
    const { name, listedName } = target.tool;
    add('tool', target.name, rateLimit.perTool[name] ?? rateLimit.perTool[listedName]);
    // Two buckets, so the stricter of both wins whatever their windows are.
    add('tool', `${target.name}:own`, target.tool.rateLimit);
  }
  const { limitClass } = target;
  if (limitClass === 'generation')
    add('route', `${limitClass}:user:${user}`, routeLimit(limitClass, rateLimit));
  return buckets;
}

/** Who has no user besides its credential is a user of its own, so that `perUser` counts everybody. */
function userOf(principal: Principal): string {
  return `${principal.tenantId}:${principal.userId ?? `${principal.type}:${principal.id}`}`;
}

/** The key's own limit, else `perApiKey` by name or tier, else those of the tier, else `global` or the default. */
function principalLimits(rateLimit: RateLimit, principal: Principal): readonly WindowLimit[] {
  const { name, tier } = principal;
  const own =
    principal.rateLimit ??
    rateLimit.perApiKey[name] ??
    (tier === undefined ? undefined : rateLimit.perApiKey[tier]);
  if (own !== undefined) return [own];
  const ofTier = tier === undefined ? undefined : limitsOfTier(tier);
  if (ofTier !== undefined) return ofTier;
  return [rateLimit.global ?? { window: rateLimit.window, maxRequests: rateLimit.maxRequests }];
}
