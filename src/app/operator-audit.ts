// The audit record of what the operator changes at the command line, beside servers that may run.
import type { AuditLog } from '../gate/audit/audit.ts';
import { openAuditLog } from '../gate/audit/audit-log.ts';
import { openAuditKey } from '../secrets/audit-key.ts';
import { auditAddress } from './audit.ts';
import type { AppSettings } from './settings.ts';

/** Opens the record for `work`; what it wrote is durable when this resolves. Rejects when the record cannot be opened. */
export async function withOperatorAudit<Result>(
  settings: Pick<AppSettings, 'environment' | 'dataDirectory'>,
  work: (audit: AuditLog) => Promise<Result>,
): Promise<Result> {
  const log = openAuditLog({
    table: auditAddress(settings),
    signingKey: openAuditKey(settings.dataDirectory, settings.environment.auditSigningKey),
  });
  try {
    await log.ready;
    return await work(log);
  } finally {
    await log.close();
  }
}
