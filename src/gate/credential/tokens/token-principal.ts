// What a verified token says about its caller (spec governance §3: claims to permissions).
import type { JsonObject, Principal } from '../../../tool.ts';
import { permissionProblem } from '../../permission/grammar.ts';
import { DEFAULT_TENANT } from '../../tenant/tenant.ts';
import type { TrustedIssuer } from './token-issuer.ts';

/** More than any sane token carries within its 8 KiB; bounds the work per permission check. */
const ITEMS_MAX = 500;
/** As the columns that keep it. */
const USER_LENGTH_MAX = 255;
const TENANT = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/**
 * The principal, or undefined where the token names no user or a malformed tenant. `authenticated` is granted where
 * the token has neither scopes nor roles; one that has them gets what they say and no more.
 */
export function principalOf(
  { issuer, claims: names }: Pick<TrustedIssuer, 'issuer' | 'claims'>,
  claims: JsonObject,
  authenticated: readonly string[],
): Principal | undefined {
  const userId = claimAt(claims, names.user);
  if (typeof userId !== 'string' || userId === '' || userId.length > USER_LENGTH_MAX) return undefined;
  const tenant = claimAt(claims, names.tenant);
  if (tenant !== undefined && (typeof tenant !== 'string' || !TENANT.test(tenant))) return undefined;
  const scopes = claimAt(claims, names.scope);
  const roles = claimAt(claims, names.roles);
  // Two issuers may know the same subject; it is unique only together with its issuer (OpenID Connect Core §5.7).
  const id = `${issuer}#${userId}`;
  return {
    type: 'token',
    id,
    // Not the name of the profile: limits by name are for keys, and people choose their names themselves.
    name: id,
    tenantId: tenant ?? DEFAULT_TENANT,
    userId,
    roles: itemsOf(roles),
    permissions: scopes === undefined && roles === undefined ? authenticated : permissionsOf(scopes),
  };
}

/** Scopes of other services, such as `openid`, are no permissions and grant nothing. */
function permissionsOf(scopes: unknown): readonly string[] {
  return itemsOf(scopes).filter((scope) => permissionProblem(scope) === undefined);
}

/** A list, or a text of words (RFC 6749 §3.3). */
function itemsOf(claim: unknown): readonly string[] {
  const items: readonly unknown[] =
    typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  return items
    .filter((item) => typeof item === 'string')
    .filter((item) => item !== '')
    .slice(0, ITEMS_MAX);
}

/** The claim of this name, or what its dots lead to, as in `realm_access.roles`. */
function claimAt(claims: JsonObject, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  return name
    .split('.')
    .reduce<unknown>((at, step) => (isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined), claims);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
