// Ed25519 over the manifest of an archive (RFC 8032). Keys are told as base64 of their 32 bytes.
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** What precedes the 32 bytes of a private key in PKCS #8, and of a public one in SPKI (RFC 8410 §4, §7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const KEY_BYTES = 32;

/** Signs with one key. */
export interface ArchiveSigner {
  /** Base64. */
  readonly publicKey: string;
  /** Base64 of the signature. */
  sign(bytes: Uint8Array): string;
}

/** `seed` is base64 of 32 bytes. Throws RangeError for any other length. */
export function createArchiveSigner(seed: string): ArchiveSigner {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, bytesOf(seed)]),
    format: 'der',
    type: 'pkcs8',
  });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    publicKey: spki.subarray(SPKI_PREFIX.length).toString('base64'),
    sign: (bytes) => sign(null, bytes, key).toString('base64'),
  };
}

/** Whether `publicKey`, base64 of 32 bytes, signed these bytes. Throws RangeError for a key of another length. */
export function isSignedBy(publicKey: string, bytes: Uint8Array, signature: string): boolean {
  const key: KeyObject = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, bytesOf(publicKey)]),
    format: 'der',
    type: 'spki',
  });
  return verify(null, bytes, key, Buffer.from(signature, 'base64'));
}

function bytesOf(key: string): Buffer {
  const bytes = Buffer.from(key, 'base64');
  if (bytes.length !== KEY_BYTES) throw new RangeError(`a key is ${KEY_BYTES} bytes in base64`);
  return bytes;
}
