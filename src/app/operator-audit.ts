// The audit record of what the operator changes at the command line, beside servers that may run.
import { QuaysideError } from '../errors.ts';
import type { AuditLog } from '../gate/audit/audit.ts';
import { openAuditLog } from '../gate/audit/audit-log.ts';
import { openAuditKey } from '../secrets/audit-key.ts';
import { auditAddress } from './audit.ts';
import type { AppSettings } from './settings.ts';

/**
 * Gives `work` the record, and begins it with the first change: verbs that only read leave nothing behind. Where it
 * cannot be opened a change is refused with `audit_unavailable`. What was written is durable when this resolves.
 */
export async function withOperatorAudit<Result>(
  settings: Pick<AppSettings, 'environment' | 'dataDirectory'>,
  work: (audit: AuditLog) => Promise<Result>,
): Promise<Result> {
  const log = openAuditLog({
    table: auditAddress(settings),
    signingKey: openAuditKey(settings.dataDirectory, settings.environment.auditSigningKey),
    isLazy: true,
  });
  try {
    return await work(log);
  } catch (error) {
    if (!(error instanceof QuaysideError) || error.code !== 'audit_unavailable') throw error;
    const message = `The change cannot be recorded in the audit log, and is therefore not made: ${log.problem() ?? 'unknown'}`;
    throw new QuaysideError('audit_unavailable', { message, cause: error });
  } finally {
    await log.close();
  }
}
