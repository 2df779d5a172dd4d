// The issuer that this installation is itself: access tokens of people who logged in here.
import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign } from 'node:crypto';
import { derivedOf, type SigningSecrets } from '../../secrets/signing-secrets.ts';
import type { JsonObject } from '../../tool.ts';
import type { TokenFailure, TrustedIssuer } from '../credential/tokens/token-issuer.ts';
import { USUAL_CLAIMS } from '../credential/tokens/trusted-issuers.ts';

/** Both ends are this product, so no address is needed; no provider can have this name, which is no URL. */
const ISSUER = 'quayside-login';
const AUDIENCE = 'quayside';
/** A key is made from a secret of the process; its id says by which rule, and which of them it is. */
const KEY_ID_RULE = 'login-2';
/** Enough to tell the few keys from each other that count at a time. */
const KEY_ID_DIGITS = 16;
/** PKCS#8 of an Ed25519 private key is this and the 32 bytes (RFC 8410 §7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
const SEED_BYTES = 32;

/** Signs access tokens, and knows who signed them. */
export interface LoginSigner {
  /** Epoch seconds are set by `now` and `lifetimeMs`, both in milliseconds. */
  sign(claims: JsonObject, times: { readonly now: number; readonly lifetimeMs: number }): string;
  /** The key of this id, as long as its signatures count. */
  publicKey(id: string): KeyObject | undefined;
}

interface LoginKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/**
 * The key pairs are derived from the secrets, so all replicas that share `SESSION_SECRET` accept each other's tokens
 * and nothing more has to be kept.
 */
export function createLoginSigner(secrets: SigningSecrets): LoginSigner {
  const keyOf = derivedOf(createLoginKey);
  return {
    sign(claims, { now, lifetimeMs }) {
      const { id, privateKey } = keyOf(secrets.current());
      const issuedAt = Math.floor(now / 1000);
      const times = { iat: issuedAt, exp: issuedAt + Math.floor(lifetimeMs / 1000) };
      const head = encode({ alg: 'EdDSA', typ: 'at+jwt', kid: id });
      const text = `${head}.${encode({ iss: ISSUER, aud: AUDIENCE, ...times, ...claims })}`;
      return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
    },
    publicKey: (wanted) =>
      secrets
        .accepted()
        .map(keyOf)
        .find(({ id }) => id === wanted)?.publicKey,
  };
}

function createLoginKey(secret: string): LoginKey {
  const seed = Buffer.from(hkdfSync('sha256', secret, '', 'quayside login tokens', SEED_BYTES));
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_HEAD, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = createPublicKey(privateKey);
  const digest = createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest('hex');
  return { id: `${KEY_ID_RULE}-${digest.slice(0, KEY_ID_DIGITS)}`, privateKey, publicKey };
}

/** As an issuer to trust. `current` answers what the claims are now: a login that ended lets nobody in. */
export function loginIssuer(
  { publicKey }: LoginSigner,
  current: (claims: JsonObject) => Promise<JsonObject | TokenFailure>,
): TrustedIssuer {
  return {
    issuer: ISSUER,
    audiences: [AUDIENCE],
    authorizedParties: [],
    claims: USUAL_CLAIMS,
    // The same clock signs and verifies.
    leeway: 0,
    keys: {
      kind: 'public',
      algorithms: ['EdDSA'],
      source: {
        async find(kid) {
          const material = kid === undefined ? undefined : publicKey(kid);
          return material === undefined ? 'unknown' : { material, kid, generation: 0 };
        },
        stands: ({ kid }) => kid !== undefined && publicKey(kid) !== undefined,
        refresh: () => undefined,
        problem: () => undefined,
      },
    },
    current,
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
