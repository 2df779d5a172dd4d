// From the definition's words to what is verified: whom one server trusts.
import { createSecretKey } from 'node:crypto';
import type { Definition } from '../../../definition/schema/definition.ts';
import type { TokenIssuer, Tokens } from '../../../definition/schema/tokens.ts';
import type { IssuerLocation } from './issuer-endpoints.ts';
import type { KeySource } from './key-source.ts';
import type { ClaimNames, TrustedIssuer } from './token-issuer.ts';

/** Where the keys of issuers are kept across reloads. */
export type KeySourceOf = (location: IssuerLocation) => KeySource;

/** The identity providers of a definition; none where it enforces no authentication. */
export function issuersOf({ security }: Definition): readonly TokenIssuer[] {
  return tokensOf(security)?.issuers ?? [];
}

/** All whose tokens one server accepts, besides its own login. */
export function trustedIssuers({ security }: Definition, keySourceOf: KeySourceOf): TrustedIssuer[] {
  const tokens = tokensOf(security);
  if (tokens === undefined) return [];
  return [...tokens.issuers.map((one) => fromProvider(one, keySourceOf)), ...fromSecret(tokens.hs256)];
}

function tokensOf({ enabled, authentication }: Definition['security']): Tokens | undefined {
  return enabled && authentication?.enabled === true ? authentication.jwt : undefined;
}

function fromProvider(one: TokenIssuer, keySourceOf: KeySourceOf): TrustedIssuer {
  const { issuer, audience, authorizedParties = [], jwksUri, algorithms, leeway } = one;
  return {
    issuer,
    audiences: audience === undefined ? [] : [audience].flat(),
    authorizedParties,
    claims: {
      tenant: one.tenantClaim,
      user: one.userClaim,
      roles: one.rolesClaim,
      scope: one.scopeClaim,
    },
    leeway,
    keys: {
      kind: 'public',
      source: keySourceOf({ issuer, ...(jwksUri === undefined ? {} : { jwksUri }) }),
      algorithms,
    },
  };
}

/** The names of the claims where nothing else is said. */
export const USUAL_CLAIMS: ClaimNames = {
  tenant: 'tenant_id',
  user: 'sub',
  roles: 'roles',
  scope: 'scope',
};
const USUAL_LEEWAY_S = 60;

/** The loader has refused a weak secret, and whoever merges the environment one that is missing. */
function fromSecret(shared: Tokens['hs256']): TrustedIssuer[] {
  if (shared?.enabled !== true || shared.secret === undefined) return [];
  return [
    {
      issuer: shared.issuer,
      audiences: [shared.audience],
      authorizedParties: [],
      claims: USUAL_CLAIMS,
      leeway: USUAL_LEEWAY_S,
      keys: { kind: 'shared', secret: createSecretKey(shared.secret, 'utf8') },
    },
  ];
}
