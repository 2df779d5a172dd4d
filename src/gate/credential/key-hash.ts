// How API keys are kept: HMAC-SHA-256 with the process's pepper over the key's SHA-256 (governance §2).
import { createHmac, hash, randomBytes } from 'node:crypto';

/** Plain SHA-256 of a key, 64 hex digits: the part after `sha256:` of a definition's `keyHash`. */
export function sha256Hex(key: string): string {
  return hash('sha256', key, 'hex');
}

/** What is stored and compared. `sha256` is {@link sha256Hex} of the key, `salt` is `API_KEY_SALT`. */
export function pepperedHash(sha256: string, salt: string): Buffer {
  return createHmac('sha256', salt).update(sha256).digest();
}

/** A new key: `qs_<8-character id>_<43 base64url characters>`, 256 bits of secret (governance §2). */
export function generateKey(): { readonly id: string; readonly key: string } {
  const id = randomBytes(6).toString('base64url').replaceAll(/[-_]/g, '0').slice(0, 8);
  return { id, key: `qs_${id}_${randomBytes(32).toString('base64url')}` };
}
