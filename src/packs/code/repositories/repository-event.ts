// What the audit log keeps of repositories that come and go (spec governance §8.1).
import type { AuditEvent } from '../../../gate/audit/audit.ts';
import type { RepositoryRow } from './added-statements.ts';

/** In the tenant that has it; who asked is in the record of the call. */
export function repositoryEvent(
  change: 'added' | 'removed',
  { tenant_id: tenantId, id, name, type, path, url }: RepositoryRow,
): AuditEvent {
  const state = { name, type, place: url ?? path };
  return {
    eventType: `repository.${change}`,
    result: 'success',
    tenantId,
    action: change === 'added' ? 'add' : 'remove',
    resourceType: 'repository',
    resourceId: id,
    changes: change === 'added' ? { after: state } : { before: state },
  };
}
