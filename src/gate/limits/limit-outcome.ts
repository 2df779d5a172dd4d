// What follows from a decision: metrics, warnings, headers, and the refusal.
import type { QuaysideError } from '../../errors.ts';
import type { Principal } from '../../tool.ts';
import type { GateEvents } from '../events.ts';
import { DEFAULT_TENANT } from '../tenant/tenant.ts';
import type { Bucket } from './bucket.ts';
import type { LimitDecision } from './decision.ts';
import { addLimitHeaders, limitRefusal, unavailableRefusal } from './limit-answer.ts';
import type { Limiter } from './limiter.ts';

export interface LimitDeps {
  readonly limiter: Limiter;
  readonly events: GateEvents;
}

/** Whose call was decided on, as far as it is known by then. */
export interface LimitedCall {
  readonly principal: Principal | undefined;
  readonly requestId: string;
  readonly clientAddress: string;
  readonly answerHeaders: Record<string, string>;
}

/** The refusal, or undefined when the call may go on. */
export function settle(
  { events }: LimitDeps,
  buckets: readonly Bucket[],
  call: LimitedCall,
  decision: LimitDecision,
): QuaysideError | undefined {
  if (decision === 'unavailable') return unavailableRefusal();
  if (!decision.admitted) {
    events.limited(decision.by.rule.scope, 'refused');
    return limitRefusal(decision);
  }
  for (const { rule } of buckets) events.limited(rule.scope, 'allowed');
  addLimitHeaders(call.answerHeaders, decision);
  for (const { rule } of decision.warned) warn(events, 'reached', rule, call);
  for (const { rule } of decision.excess) warn(events, 'exceeded', rule, call);
  return undefined;
}

/** Of a call that is only known by its address. */
const UNKNOWN: Principal = {
  type: 'anonymous',
  id: 'unknown',
  name: 'unknown',
  tenantId: DEFAULT_TENANT,
  roles: [],
  permissions: [],
};

function warn(
  events: GateEvents,
  kind: 'reached' | 'exceeded',
  { scope, limit, windowMs }: Bucket['rule'],
  { principal = UNKNOWN, requestId, clientAddress }: LimitedCall,
): void {
  events.limited(scope, 'warned');
  events.limitWarning({ kind, scope, limit, windowMs, principal, requestId, clientAddress });
}
