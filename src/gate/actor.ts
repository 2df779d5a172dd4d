// Who changes keys and tenants, as the commands behind REST and the command line see it.
import type { AuditEvent, AuditLog } from './audit/audit.ts';
import type { Access } from './permission/access.ts';

/** The caller of a command; with `access` and `tenants` absent, the operator of this machine. */
export interface Actor {
  /** Shown as `created_by`, such as the id of a key, or `cli`. */
  readonly id: string;
  /** The tenant that the caller acts in. */
  readonly tenantId: string;
  /** Every tenant that the caller's credential has; absent for the operator at the command line, who has all. */
  readonly tenants?: readonly string[];
  /** What the caller may hand on; absent for the operator at the command line, who may hand on everything. */
  readonly access?: Access;
  readonly requestId?: string;
  readonly ipAddress?: string;
  /** The person that a trusted intermediary acts for (governance §5). */
  readonly onBehalfOf?: string;
}

/** What an audited change is about. */
export interface AuditedChange {
  readonly eventType: string;
  readonly action: string;
  readonly resourceType: string;
  readonly resourceId: string;
  readonly tenantId: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/**
 * Writes the record, then makes the change: what cannot be written down is not done (governance §8.2). A change that
 * fails after all is recorded as a failure.
 */
export async function audited<Result>(
  log: AuditLog | undefined,
  actor: Actor,
  change: AuditedChange,
  apply: () => Promise<Result>,
): Promise<Result> {
  if (log === undefined) return apply();
  await log.commit(eventOf(actor, change, 'success'));
  try {
    return await apply();
  } catch (error) {
    log.record(eventOf(actor, change, 'failure'));
    throw error;
  }
}

function eventOf(actor: Actor, change: AuditedChange, result: 'success' | 'failure'): AuditEvent {
  const { before, after, ...rest } = change;
  return {
    ...rest,
    result,
    changes: {
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    },
    userId: actor.id,
    ...(actor.requestId === undefined ? {} : { requestId: actor.requestId }),
    ...(actor.ipAddress === undefined ? {} : { ipAddress: actor.ipAddress }),
    ...(actor.onBehalfOf === undefined ? {} : { metadata: { on_behalf_of: actor.onBehalfOf } }),
  };
}
