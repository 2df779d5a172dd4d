// AES-256-GCM with a random 96-bit nonce; what is sealed for one place opens at no other (spec governance §9).
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

/** Where a sealed value is kept. It is authenticated with the value, so a row cannot pose as another one. */
export interface Place {
  readonly table: string;
  readonly column: string;
  readonly row: string;
  readonly tenant: string;
}

/** Layout: version, nonce, ciphertext, tag. */
const VERSION = 1;
/** What GCM is made for; other lengths are hashed first (NIST SP 800-38D §8.2). */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const OVERHEAD_BYTES = 1 + NONCE_BYTES + TAG_BYTES;

/** A sealed value was changed, moved to another place, or sealed with another key. */
export class UnsealError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'UnsealError';
  }
}

/** Seals with a key of 256 bits. */
export function seal(key: KeyObject, plain: Uint8Array, place: Place): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(place));
  return Buffer.concat([
    Buffer.from([VERSION]),
    nonce,
    cipher.update(plain),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
}

/** Throws UnsealError, which never holds a part of the value. */
export function unseal(key: KeyObject, sealed: Uint8Array, place: Place): Buffer {
  if (sealed.length < OVERHEAD_BYTES || sealed[0] !== VERSION) {
    throw new UnsealError(`${nameOf(place)} holds no sealed value of a known form.`);
  }
  const bytes = Buffer.from(sealed);
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 1 + NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(associatedData(place));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(1 + NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new UnsealError(
      `${nameOf(place)} does not open: it was changed, belongs elsewhere, or was sealed with another key.`,
      cause,
    );
  }
}

/** JSON, so that no two places have the same text. */
function associatedData({ table, column, row, tenant }: Place): Buffer {
  return Buffer.from(JSON.stringify([table, column, row, tenant]));
}

function nameOf({ table, column, row }: Place): string {
  return `${table}.${column} of ${row}`;
}
