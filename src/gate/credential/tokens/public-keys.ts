// The keys that an issuer publishes (JSON Web Key Set, RFC 7517), read once per fetch.
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { TokenAlgorithm } from '../../../definition/schema/tokens.ts';

/** One key that tokens may be signed with. */
export interface VerificationKey {
  readonly kid: string | undefined;
  readonly material: KeyObject;
  /** The one algorithm that the issuer named for it, if it did. */
  readonly algorithm: string | undefined;
}

/** More keys than any issuer rotates through; beyond it the answer is no key set (spec governance §3). */
const KEYS_MAX = 100;
/** RFC 7518 §3.3. */
const RSA_BITS_MIN = 2048;

/**
 * The usable keys of a key set. Keys for encryption, shared secrets, keys published with their private half, short RSA
 * keys and kinds that this runtime does not know are left out. Throws Error when the document is no key set.
 */
export function parsePublicKeys(document: unknown): readonly VerificationKey[] {
  const keys = isObject(document) ? document.keys : undefined;
  if (!Array.isArray(keys)) throw new Error('The answer is no JSON Web Key Set.');
  if (keys.length > KEYS_MAX) throw new Error(`The key set has more than ${KEYS_MAX} keys.`);
  return keys.flatMap((key) => {
    const usable = isObject(key) ? toVerificationKey(key) : undefined;
    return usable === undefined ? [] : [usable];
  });
}

/** The key that a token's header means: by its id, or without one the only key that fits. */
export function selectKey(
  keys: readonly VerificationKey[],
  kid: string | undefined,
  algorithm: TokenAlgorithm,
): VerificationKey | undefined {
  const fitting = keys.filter((key) => (kid === undefined || key.kid === kid) && fits(key, algorithm));
  return kid === undefined && fitting.length > 1 ? undefined : fitting[0];
}

function toVerificationKey(key: Readonly<Record<string, unknown>>): VerificationKey | undefined {
  const { kty, use, key_ops: operations, kid, alg } = key;
  if (kty === 'oct' || key.d !== undefined) return undefined;
  if (use !== undefined && use !== 'sig') return undefined;
  if (Array.isArray(operations) && !operations.includes('verify')) return undefined;
  const material = importKey(key);
  if (material === undefined) return undefined;
  const bits = material.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < RSA_BITS_MIN) return undefined;
  return {
    kid: typeof kid === 'string' ? kid : undefined,
    material,
    algorithm: typeof alg === 'string' ? alg : undefined,
  };
}

function importKey(key: JsonWebKey): KeyObject | undefined {
  try {
    return createPublicKey({ key, format: 'jwk' });
  } catch {
    // A kind of key that is newer than this runtime must not spoil the set for the others.
    return undefined;
  }
}

const KINDS: Readonly<Record<TokenAlgorithm, readonly [type: string, curve?: string]>> = {
  RS256: ['rsa'],
  RS384: ['rsa'],
  RS512: ['rsa'],
  PS256: ['rsa'],
  PS384: ['rsa'],
  PS512: ['rsa'],
  ES256: ['ec', 'prime256v1'],
  ES384: ['ec', 'secp384r1'],
  ES512: ['ec', 'secp521r1'],
  EdDSA: ['ed25519'],
};

function fits({ material, algorithm }: VerificationKey, wanted: TokenAlgorithm): boolean {
  // RFC 9864 names the curve where RFC 8037 named the family.
  const named = algorithm === 'Ed25519' ? 'EdDSA' : algorithm;
  if (named !== undefined && named !== wanted) return false;
  const [type, curve] = KINDS[wanted];
  return material.asymmetricKeyType === type && material.asymmetricKeyDetails?.namedCurve === curve;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
