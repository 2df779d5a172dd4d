// Judges one token: form, issuer, algorithm, signature, times, audience (spec governance §3; RFC 8725).
// Loaded at the first token, so that a server without any does not carry the library.
import { errors, type JWTPayload, jwtVerify } from 'jose';
import type { TokenAlgorithm } from '../../../definition/schema/tokens.ts';
import type { JsonObject } from '../../../tool.ts';
import type { FoundKey } from './key-source.ts';
import type { PublicKeys, TokenFailure, TrustedIssuer } from './token-issuer.ts';

/** A token that was found good. */
export interface VerifiedToken {
  readonly issuer: TrustedIssuer;
  readonly claims: JsonObject;
  /** Milliseconds since 1970; leeway included. */
  readonly expiresAt: number;
  /** Undefined for a shared secret. */
  readonly key: FoundKey | undefined;
}

/** `detail` is for the log. */
export interface RefusedToken {
  readonly failure: TokenFailure;
  readonly detail: string;
}

/** Media types that say "access token" or nothing (RFC 9068 §2.1); a logout token or an assertion is neither. */
const TYPES: readonly unknown[] = [undefined, 'jwt', 'at+jwt', 'application/at+jwt', 'application/jwt'];

/** `now` in milliseconds since 1970. Never rejects for anything that a token can cause. */
export async function verifyToken(
  token: string,
  issuers: ReadonlyMap<unknown, TrustedIssuer>,
  now: number,
): Promise<VerifiedToken | RefusedToken> {
  const [header, unverified] = readParts(token);
  if (header === undefined || unverified === undefined) return refused('The token is not well formed.');
  const issuer = issuers.get(unverified.iss);
  if (issuer === undefined) return refused('The issuer is not trusted.');
  if (!TYPES.includes(typeof header.typ === 'string' ? header.typ.toLowerCase() : header.typ))
    return refused('The type is not that of an access token.');
  const found = await findKey(header, issuer);
  if ('failure' in found) return found;
  const checked = await checkSignature(token, issuer, found, now);
  return 'failure' in checked ? checked : accept(issuer, checked.claims, found);
}

async function checkSignature(
  token: string,
  issuer: TrustedIssuer,
  found: Found,
  now: number,
): Promise<{ readonly claims: JWTPayload } | RefusedToken> {
  try {
    const { payload } = await jwtVerify(token, found.material, {
      issuer: issuer.issuer,
      algorithms: [found.algorithm],
      requiredClaims: ['exp'],
      clockTolerance: issuer.leeway,
      currentDate: new Date(now),
      ...(issuer.audiences.length === 0 ? {} : { audience: [...issuer.audiences] }),
    });
    if (issuer.audiences.length === 0 && !issuer.authorizedParties.includes(String(payload.azp)))
      return refused('The azp is none of the authorized parties.');
    return { claims: payload };
  } catch (error) {
    return refusalOf(error);
  }
}

async function accept(
  issuer: TrustedIssuer,
  payload: JWTPayload,
  { key }: Found,
): Promise<VerifiedToken | RefusedToken> {
  const claims = issuer.current === undefined ? payload : await issuer.current(payload);
  if (typeof claims === 'string') return { failure: claims, detail: 'The account or its login is not open.' };
  return { issuer, claims, expiresAt: ((payload.exp ?? 0) + issuer.leeway) * 1000, key };
}

interface Found {
  readonly material: Parameters<typeof jwtVerify>[1];
  readonly algorithm: TokenAlgorithm | 'HS256';
  readonly key: FoundKey | undefined;
}

/** The issuer's configuration names the algorithms; the token only chooses among them (RFC 8725 §3.1). */
async function findKey(header: JsonObject, { keys }: TrustedIssuer): Promise<Found | RefusedToken> {
  if (keys.kind === 'shared') {
    if (header.alg !== 'HS256') return refused('The algorithm is not HS256.');
    return { material: keys.secret, algorithm: 'HS256', key: undefined };
  }
  const algorithm = keys.algorithms.find((one) => one === header.alg);
  if (algorithm === undefined) return refused('The algorithm is not accepted.');
  if (header.kid !== undefined && typeof header.kid !== 'string') return refused('The kid is no text.');
  return findPublicKey(header.kid, algorithm, keys);
}

async function findPublicKey(
  kid: string | undefined,
  algorithm: TokenAlgorithm,
  { source }: PublicKeys,
): Promise<Found | RefusedToken> {
  const key = await source.find(kid, algorithm);
  if (key === 'unknown') return refused('No key of the issuer has this kid and algorithm.');
  if (key === 'unavailable')
    return { failure: 'unavailable', detail: 'The keys of the issuer are not known.' };
  return { material: key.material, algorithm, key };
}

/** Header and claims as the token says them, before anything is proved. */
function readParts(token: string): readonly [JsonObject | undefined, JsonObject | undefined] {
  const [header = '', payload = ''] = token.split('.');
  return [readPart(header), readPart(payload)];
}

function readPart(part: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    // Whatever is no JSON is no token; the caller refuses it.
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused(detail: string): RefusedToken {
  return { failure: 'invalid', detail };
}

/** Errors of the library are the token's fault; anything else is ours and goes on. */
function refusalOf(error: unknown): RefusedToken {
  if (error instanceof errors.JWTExpired) return { failure: 'expired', detail: error.message };
  if (
    error instanceof errors.JWTClaimValidationFailed &&
    error.claim === 'nbf' &&
    error.reason === 'check_failed'
  )
    return { failure: 'not_yet_valid', detail: error.message };
  if (error instanceof errors.JOSEError || error instanceof TypeError) return refused(error.message);
  throw error;
}
