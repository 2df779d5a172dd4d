// Cursors of paged lists: opaque, signed, and bound to the list they continue.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { QuaysideError } from '../errors.ts';
import type { SigningSecret, SigningSecrets } from '../secrets/signing-secrets.ts';

/** Items on one page (spec servers §6). */
export const PAGE_SIZE = 200;

/** 96 bits: nobody guesses it, and a cursor stays short. */
const SIGNATURE_BYTES = 12;

/** What a cursor belongs to; it is refused anywhere else. */
export interface CursorScope {
  readonly slug: string;
  /** Version of the plan: after a reload an old cursor would skip or repeat items. */
  readonly version: string;
  readonly method: string;
}

export function createCursor(secrets: SigningSecrets, scope: CursorScope, offset: number): string {
  return `${offset.toString(36)}.${sign(secrets.current().value, scope, offset).toString('base64url')}`;
}

/** The offset that a cursor continues at; 0 without one. Throws `invalid_cursor`. */
export function parseCursor(secrets: SigningSecrets, scope: CursorScope, cursor: unknown): number {
  if (cursor === undefined) return 0;
  const match = typeof cursor === 'string' ? /^([0-9a-z]{1,8})\.([\w-]{16})$/.exec(cursor) : null;
  if (match?.[1] === undefined || match[2] === undefined) throw new QuaysideError('invalid_cursor');
  const offset = Number.parseInt(match[1], 36);
  const given = Buffer.from(match[2], 'base64url');
  const isSignedBy = ({ value }: SigningSecret) => timingSafeEqual(given, sign(value, scope, offset));
  if (given.length !== SIGNATURE_BYTES || !secrets.accepted().some(isSignedBy)) {
    throw new QuaysideError('invalid_cursor', {
      message:
        'Invalid cursor: it is not from this list, or the list changed since. Start again without one.',
    });
  }
  return offset;
}

function sign(secret: string, scope: CursorScope, offset: number): Buffer {
  const text = JSON.stringify(['cursor', scope.slug, scope.version, scope.method, offset]);
  return createHmac('sha256', secret).update(text).digest().subarray(0, SIGNATURE_BYTES);
}
