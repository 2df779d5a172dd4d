// The one refusal of what cannot be written down.
import { QuaysideError } from '../../errors.ts';

/** `audit_unavailable`, to be tried again in a second. */
export function auditUnavailable(cause?: unknown): QuaysideError {
  return new QuaysideError('audit_unavailable', {
    headers: { 'retry-after': '1' },
    ...(cause === undefined ? {} : { cause }),
  });
}
