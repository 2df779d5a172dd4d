// What follows from a decision: metrics, the record of warnings, headers, and the refusal.
import type { QuaysideError } from '../../errors.ts';
import type { Principal } from '../../tool.ts';
import type { AuditLog } from '../audit/audit.ts';
import { DEFAULT_TENANT } from '../credential/key-table.ts';
import type { GateEvents } from '../events.ts';
import type { Bucket } from './bucket.ts';
import type { LimitDecision } from './decision.ts';
import { addLimitHeaders, limitRefusal, unavailableRefusal } from './limit-answer.ts';
import type { Limiter } from './limiter.ts';

export interface LimitDeps {
  readonly limiter: Limiter;
  readonly events: GateEvents;
  /** Absent: warnings are only logged and counted. */
  readonly audit?: AuditLog | undefined;
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
  { events, audit }: LimitDeps,
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
  for (const { rule } of decision.warned) {
    events.limited(rule.scope, 'warned');
    events.limitWarning({ scope: rule.scope, limit: rule.limit, principal: call.principal });
    audit?.record(warningEvent(rule, call, '80 % of the limit is used.'));
  }
  for (const { rule } of decision.excess) {
    events.limited(rule.scope, 'warned');
    audit?.record(warningEvent(rule, call, 'The limit is exceeded, which strict: false admits.'));
  }
  return undefined;
}

function warningEvent(
  { scope, limit, windowMs }: Bucket['rule'],
  { principal, requestId, clientAddress }: LimitedCall,
  reason: string,
) {
  return {
    eventType: 'ratelimit.warning',
    result: 'warning',
    tenantId: principal?.tenantId ?? DEFAULT_TENANT,
    action: 'limit',
    resourceType: 'rate_limit',
    resourceId: scope,
    ...(principal?.userId === undefined ? {} : { userId: principal.userId }),
    ...(principal?.type === 'key' ? { apiKeyName: principal.name } : {}),
    requestId,
    ipAddress: clientAddress,
    metadata: { scope, limit, window: windowMs, reason },
  } as const;
}
