// The issuer that this installation is itself: access tokens of people who logged in here.
import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign } from 'node:crypto';
import type { JsonObject } from '../../tool.ts';
import type { TokenFailure, TrustedIssuer } from '../credential/tokens/token-issuer.ts';
import { USUAL_CLAIMS } from '../credential/tokens/trusted-issuers.ts';

/** Both ends are this product, so no address is needed; no provider can have this name, which is no URL. */
const ISSUER = 'quayside-login';
const AUDIENCE = 'quayside';
/** The key is made from the process's secret; its id says by which rule. */
const KEY_ID = 'login-1';
/** PKCS#8 of an Ed25519 private key is this and the 32 bytes (RFC 8410 §7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
const SEED_BYTES = 32;

/** Signs access tokens. */
export interface LoginSigner {
  /** Epoch seconds are set by `now` and `lifetimeMs`, both in milliseconds. */
  sign(claims: JsonObject, times: { readonly now: number; readonly lifetimeMs: number }): string;
  readonly publicKey: KeyObject;
}

/**
 * The key pair is derived from `SESSION_SECRET`, so all replicas that share it accept each other's tokens and nothing
 * more has to be kept.
 */
export function createLoginSigner(sessionSecret: string): LoginSigner {
  const seed = Buffer.from(hkdfSync('sha256', sessionSecret, '', 'quayside login tokens', SEED_BYTES));
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_HEAD, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const head = encode({ alg: 'EdDSA', typ: 'at+jwt', kid: KEY_ID });
  return {
    publicKey: createPublicKey(privateKey),
    sign(claims, { now, lifetimeMs }) {
      const issuedAt = Math.floor(now / 1000);
      const times = { iat: issuedAt, exp: issuedAt + Math.floor(lifetimeMs / 1000) };
      const text = `${head}.${encode({ iss: ISSUER, aud: AUDIENCE, ...times, ...claims })}`;
      return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
    },
  };
}

/** As an issuer to trust. `current` answers what the claims are now: a login that ended lets nobody in. */
export function loginIssuer(
  { publicKey }: LoginSigner,
  current: (claims: JsonObject) => Promise<JsonObject | TokenFailure>,
): TrustedIssuer {
  const key = { material: publicKey, kid: KEY_ID, generation: 0 };
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
        find: async (kid) => (kid === KEY_ID ? key : 'unknown'),
        stands: () => true,
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
