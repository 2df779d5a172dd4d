// The lines of a call whose every step is wanted: what it asks for, how it ends, and all that is said in between.
import type { Operation, Outcome } from '../tool.ts';
import type { ServiceLog } from './log/service-log.ts';

/** Runs one operation with every line of the log that comes of it. */
export type DebugCall = (operation: Operation, run: () => Promise<Outcome>) => Promise<Outcome>;

/** Arguments are redacted as everything in the log is. */
export function createDebugCall(log: Pick<ServiceLog, 'debug' | 'withDebug'>): DebugCall {
  return (operation, run) =>
    log.withDebug(async () => {
      const { requestId, method, name, principal, args } = operation;
      const fields = { request_id: requestId, method, name, principal: principal.id };
      log.debug({ ...fields, tenant_id: principal.tenantId, arguments: args }, 'call begins');
      const outcome = await run();
      log.debug(
        { ...fields, duration_ms: Math.round(performance.now() - operation.startedAt), ...endOf(outcome) },
        'call ends',
      );
      return outcome;
    });
}

function endOf(outcome: Outcome) {
  if (outcome.ok) return { ok: true };
  const { error, refusedBy } = outcome;
  return { ok: false, error, ...(refusedBy === undefined ? {} : { refused_by: refusedBy }) };
}
