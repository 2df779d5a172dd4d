// The tokens that one server admits. A token is judged once; after that a request costs a hash and a look-up.
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Log } from '../../../telemetry/log.ts';
import type { Principal } from '../../../tool.ts';
import type { TokenFailure, TrustedIssuer } from './token-issuer.ts';
import { principalOf } from './token-principal.ts';
import type { Judged, TokenStanding } from './token-standing.ts';
import type { VerifiedToken } from './verify-token.ts';

/** Every token passes through headers, hashes and caches; larger ones are no access tokens (spec governance §3). */
const TOKEN_BYTES_MAX = 8192;
/** Tokens that are in use at one time; about 1 KB each. */
const CACHED_TOKENS_MAX = 10_000;

export interface TokenTable {
  /** Whether a client can get a token from somebody else: an identity provider. */
  readonly hasIssuers: boolean;
  /** At once for a token that was judged before. */
  find(token: string): Principal | Promise<Principal | TokenFailure> | TokenFailure;
  /** Whether somebody who was let in before, by whatever token, still may be here. */
  holds(principal: Principal): boolean;
}

export interface TokenTableOptions {
  /** Never empty. */
  readonly issuers: readonly TrustedIssuer[];
  /** `permissions.authenticated` of the server. */
  readonly authenticated: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  /** Grows when accounts change: what was judged before is judged again. */
  readonly generation: () => number;
  readonly hasIssuers: boolean;
  readonly standing: TokenStanding;
}

/** Whether a credential has the form of a token: three parts with dots between. A key of ours never counts as one. */
export function looksLikeToken(credential: string): boolean {
  if (credential.startsWith('qs_')) return false;
  const first = credential.indexOf('.');
  if (first === -1) return false;
  const second = credential.indexOf('.', first + 1);
  return second !== -1 && credential.indexOf('.', second + 1) === -1;
}

/** Judges nothing and fetches nothing before the first token. */
export function createTokenTable(options: TokenTableOptions): TokenTable {
  const issuers = new Map<unknown, TrustedIssuer>(options.issuers.map((one) => [one.issuer, one]));
  const judged = new LRUCache<string, Judged>({ max: CACHED_TOKENS_MAX });
  const isGood = (verified: VerifiedToken) =>
    isTrusted(verified.issuer, issuers) && isInTime(verified, options.now());
  return {
    holds: (principal) => options.standing.holds(principal, isGood),
    hasIssuers: options.hasIssuers,
    find(token) {
      if (token.length > TOKEN_BYTES_MAX) return 'invalid';
      const digest = hash('sha256', token, 'base64');
      const known = judged.get(digest);
      if (known !== undefined && stands(known, options)) return known.principal;
      return judge(token, issuers, options).then((found) => {
        if (typeof found === 'string') {
          judged.delete(digest);
          return found;
        }
        // Plans and stages remember by the object, so the same caller stays the same one.
        const principal = isEqual(known?.principal, found.principal) ? known.principal : found.principal;
        judged.set(digest, { ...found, principal });
        options.standing.note({ ...found, principal });
        return principal;
      });
    },
  };
}

function stands({ verified, generation }: Judged, options: TokenTableOptions): boolean {
  // Accounts are ours: what an identity provider says of its own is in the token until it expires.
  const isCurrent = verified.issuer.current === undefined || generation === options.generation();
  return isCurrent && isInTime(verified, options.now());
}

/** A reload may have taken an issuer away, or what its tokens must be for. */
function isTrusted(known: TrustedIssuer, issuers: ReadonlyMap<unknown, TrustedIssuer>): boolean {
  const now = issuers.get(known.issuer);
  const demands = ({ audiences, authorizedParties, claims }: TrustedIssuer) =>
    JSON.stringify([audiences, authorizedParties, claims]);
  return now !== undefined && (now === known || demands(now) === demands(known));
}

function isInTime({ expiresAt, key, issuer }: VerifiedToken, now: number): boolean {
  if (now >= expiresAt) return false;
  return key === undefined || issuer.keys.kind === 'shared' || issuer.keys.source.stands(key);
}

async function judge(
  token: string,
  issuers: ReadonlyMap<unknown, TrustedIssuer>,
  { authenticated, now, log, generation }: TokenTableOptions,
): Promise<Judged | TokenFailure> {
  const { verifyToken } = await import('./verify-token.ts');
  const before = generation();
  const verified = await verifyToken(token, issuers, now());
  if ('failure' in verified) {
    log.debug({ reason: verified.failure, detail: verified.detail }, 'A token was refused.');
    return verified.failure;
  }
  const principal = principalOf(verified.issuer, verified.claims, authenticated);
  if (principal !== undefined) return { principal, verified, generation: before };
  log.debug({ reason: 'invalid' }, 'A token names no user, or no usable tenant.');
  return 'invalid';
}

function isEqual(known: Principal | undefined, found: Principal): known is Principal {
  return known !== undefined && JSON.stringify(known) === JSON.stringify(found);
}
