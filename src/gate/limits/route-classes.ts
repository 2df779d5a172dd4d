// Limits of kinds of routes, whatever else limits their callers (governance §6.1).
import type { RateLimit } from '../../definition/schema/security.ts';
import type { LimitClass } from '../../route.ts';
import type { WindowLimit } from '../../tool.ts';

const MINUTE_MS = 60_000;

const DEFAULTS: Readonly<Record<LimitClass, WindowLimit>> = {
  // Each asks a model, which costs money; counted by address and by user.
  generation: { window: MINUTE_MS, maxRequests: 10 },
  search: { window: MINUTE_MS, maxRequests: 10 },
  // Guessing passwords and invitations must be slow.
  login: { window: MINUTE_MS, maxRequests: 5 },
};

/** What the definition says in `perRoute`, else the default of the class. */
export function routeLimit(limitClass: LimitClass, rateLimit: RateLimit): WindowLimit {
  return rateLimit.perRoute?.[limitClass] ?? DEFAULTS[limitClass];
}
