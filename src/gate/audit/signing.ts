// The key of the audit log: Ed25519 over checkpoints and anchors, and a key derived from it for the heads of chains.
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  hash,
  hkdfSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';

/** Signs and recognises what it signed. */
export interface AuditSigner {
  /** First 16 hex digits of the SHA-256 of the public key. */
  readonly keyId: string;
  /** Base64 of the Ed25519 signature. */
  sign(text: string): string;
  verify(text: string, signature: string): boolean;
  /**
   * HMAC-SHA-256 in hex. For what changes with every group of records, where a signature would cost more than the
   * records themselves.
   */
  mac(text: string): string;
}

/** What precedes the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410 §7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
/** Bytes of an Ed25519 private key. */
export const SEED_BYTES = 32;

/** `seed` is base64 or base64url of 32 bytes. Throws RangeError for any other length. */
export function createAuditSigner(seed: string): AuditSigner {
  const bytes = Buffer.from(seed, 'base64');
  if (bytes.length !== SEED_BYTES) throw new RangeError(`the audit key needs ${SEED_BYTES} bytes in base64`);
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, bytes]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey: KeyObject = createPublicKey(privateKey);
  const exported = publicKey.export({ format: 'der', type: 'spki' });
  const macKey = Buffer.from(hkdfSync('sha256', bytes, '', 'quayside audit heads', SEED_BYTES));
  return {
    keyId: hash('sha256', exported, 'hex').slice(0, 16),
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64'),
    verify: (text, signature) => verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64')),
    mac: (text) => createHmac('sha256', macKey).update(text).digest('hex'),
  };
}
