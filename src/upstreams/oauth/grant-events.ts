// What the audit log keeps of authorizations: who let us act for them at which upstream, and who took it back.
import type { AuditEvent } from '../../gate/audit/audit.ts';
import { callerOfKey } from '../upstream-call.ts';

/** A grant that is about to be kept or forgotten. `place` is `server/upstream`, `subject` the key of the caller. */
export function grantEvent(
  { place, subject }: { readonly place: string; readonly subject: string },
  change: 'authorized' | 'forgotten',
  scopes: readonly string[],
): AuditEvent {
  const { tenantId, id } = callerOfKey(subject);
  const isNew = change === 'authorized';
  return {
    eventType: `upstream.${change}`,
    result: 'success',
    tenantId,
    action: isNew ? 'authorize' : 'forget',
    resourceType: 'upstream',
    resourceId: place,
    userId: id,
    changes: isNew ? { after: { scopes } } : { before: { scopes } },
  };
}

/** A round that came back without a grant. `reason` is what its person was told. */
export function refusedRoundEvent(
  round: { readonly place: string; readonly subject: string },
  reason: string,
): AuditEvent {
  const { changes: _, ...event } = grantEvent(round, 'authorized', []);
  return { ...event, result: 'failure', metadata: { reason } };
}
