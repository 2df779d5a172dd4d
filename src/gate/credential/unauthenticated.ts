// The refusal of a credential, in the words of every kind of it.
import { QuaysideError } from '../../errors.ts';

/** `reason` is one of governance §2: missing, invalid, expired ...; `header` is where a key belongs. */
export function unauthenticated(reason: string, header: string): QuaysideError {
  const fix = `send a valid key in the header ${header} or as "Authorization: Bearer <key>"`;
  return new QuaysideError('unauthenticated', {
    message: `Authentication failed (${reason}): ${fix}.`,
    data: { reason, fix },
    headers: { 'www-authenticate': 'Bearer' },
  });
}
