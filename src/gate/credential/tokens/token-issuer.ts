// One issuer as the verification needs it, whatever it was configured by.
import type { KeyObject } from 'node:crypto';
import type { TokenAlgorithm } from '../../../definition/schema/tokens.ts';
import type { JsonObject } from '../../../tool.ts';
import type { KeySource } from './key-source.ts';

/** Why a token is not good; the caller learns this word and no more. */
export const TOKEN_FAILURES = ['invalid', 'expired', 'not_yet_valid', 'disabled', 'unavailable'] as const;
/** One of {@link TOKEN_FAILURES}. `unavailable`: it cannot be judged now; the same token may pass later. */
export type TokenFailure = (typeof TOKEN_FAILURES)[number];

/** What the tokens of one issuer must be, and what is read from them. */
export interface TrustedIssuer {
  /** Exactly the `iss`. */
  readonly issuer: string;
  /** One of them must be in `aud`; empty: `azp` decides. */
  readonly audiences: readonly string[];
  /** Asked where there are no audiences. */
  readonly authorizedParties: readonly string[];
  readonly claims: ClaimNames;
  /** Seconds. */
  readonly leeway: number;
  readonly keys: PublicKeys | SharedKey;
  /** Asked after everything else was found good: what the claims are now, or why the account behind them is not. */
  readonly current?: (claims: JsonObject) => Promise<JsonObject | TokenFailure>;
}

/** Claims by what they are read for. */
export interface ClaimNames {
  readonly tenant: string;
  readonly user: string;
  readonly roles: string;
  readonly scope: string;
}

/** The two kinds are never mixed: a public key must not be taken for a secret. */
export interface PublicKeys {
  readonly kind: 'public';
  readonly source: KeySource;
  readonly algorithms: readonly TokenAlgorithm[];
}

/** One secret, HS256 alone. */
export interface SharedKey {
  readonly kind: 'shared';
  readonly secret: KeyObject;
}
