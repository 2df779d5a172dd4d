// Who a token's subject is for people: claims of the token, and where it lacks them the issuer (governance §3).
import { LRUCache } from 'lru-cache';
import type { TokenIssuer } from '../../../definition/schema/tokens.ts';
import type { Egress } from '../../../egress/egress.ts';
import type { Log } from '../../../telemetry/log.ts';
import type { JsonObject } from '../../../tool.ts';
import { discoverIssuer, fetchDocument } from './issuer-endpoints.ts';

/** What a person is shown as; each where it is known. */
export interface Profile {
  readonly name?: string;
  readonly email?: string;
  readonly picture?: string;
}

export interface ProfilesDeps {
  readonly egress: Egress;
  readonly log: Log;
  /** Asks its API for the people of one issuer, whose access tokens the userinfo endpoint does not take. */
  readonly clerk?: { readonly issuer: string; readonly secretKey: string; readonly apiUrl: string };
}

/** What people are shown as, asked for once in a while. */
export interface Profiles {
  /** `token` has been verified, and `claims` are its. Never rejects: a profile is decoration. */
  of(token: string, claims: JsonObject, issuer: TokenIssuer): Promise<Profile>;
}

/** Long enough to draw a page of people, short enough to follow who changes their name. */
const KEPT_MS = 10 * 60_000;
const PROFILES_MAX = 1000;
const TEXT_MAX = 2000;

/** Profiles that were asked for are kept for 10 minutes. */
export function createProfiles(deps: ProfilesDeps): Profiles {
  const kept = new LRUCache<string, Profile>({ max: PROFILES_MAX, ttl: KEPT_MS });
  return {
    async of(token, claims, issuer) {
      const own = readProfile(claims);
      if (own.name !== undefined && own.email !== undefined) return own;
      const key = JSON.stringify([issuer.issuer, claims.sub]);
      let asked = kept.get(key);
      if (asked === undefined) {
        asked = await ask(deps, token, claims, issuer);
        kept.set(key, asked);
      }
      return { ...asked, ...own };
    },
  };
}

async function ask(
  { egress, log, clerk }: ProfilesDeps,
  token: string,
  claims: JsonObject,
  issuer: TokenIssuer,
): Promise<Profile> {
  try {
    if (clerk?.issuer === issuer.issuer) {
      const url = `${clerk.apiUrl.replace(/\/$/, '')}/v1/users/${encodeURIComponent(String(claims.sub))}`;
      const headers = { authorization: `Bearer ${clerk.secretKey}` };
      const location = { issuer: clerk.apiUrl };
      return readClerkUser(await fetchDocument(egress, location, { url, headers, purpose: 'profile' }));
    }
    const { userinfoEndpoint } = await discoverIssuer(egress, { issuer: issuer.issuer });
    if (userinfoEndpoint === undefined) return {};
    const headers = { authorization: `Bearer ${token}` };
    const document = await fetchDocument(
      egress,
      { issuer: issuer.issuer },
      { url: userinfoEndpoint, headers, purpose: 'profile' },
    );
    // OpenID Connect Core §5.3.2: an answer about somebody else must not be used.
    return isObject(document) && document.sub === claims.sub ? readProfile(document) : {};
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    log.warn({ issuer: issuer.issuer, detail }, 'A profile was not fetched.');
    return {};
  }
}

function readProfile(claims: JsonObject): Profile {
  const { name, preferred_username: username, email, picture } = claims;
  return profile(textOf(name) ?? textOf(username), textOf(email), textOf(picture));
}

function readClerkUser(document: unknown): Profile {
  if (!isObject(document)) return {};
  const { first_name: first, last_name: last, email_addresses: addresses, image_url: picture } = document;
  const name = [textOf(first), textOf(last)].filter((part) => part !== undefined).join(' ');
  const all: readonly unknown[] = Array.isArray(addresses) ? addresses : [];
  const primary = all.find((one) => isObject(one) && one.id === document.primary_email_address_id) ?? all[0];
  const email = isObject(primary) ? textOf(primary.email_address) : undefined;
  return profile(name === '' ? undefined : name, email, textOf(picture));
}

function profile(name: string | undefined, email: string | undefined, picture: string | undefined): Profile {
  return {
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
    ...(picture === undefined ? {} : { picture }),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, TEXT_MAX) : undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
