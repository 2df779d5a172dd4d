// The `jwt` and `local` keys of `security.authentication` (spec governance §3), in canonical form.
import {
  array,
  boolean,
  choice,
  integer,
  object,
  optional,
  type Static,
  string,
  union,
} from './vocabulary.ts';

/** Signatures by a key pair only: a secret shared with an issuer is never tried against its public key. */
export const TOKEN_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;
/** One of {@link TOKEN_ALGORITHMS}. */
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

const claim = (doc: string, fallback: string) =>
  string(`${doc} Dots go into objects.`, { minLength: 1, maxLength: 200, fallback });

/** One identity provider. */
export const TokenIssuer = object('One issuer of tokens. Give `audience` or `authorizedParties`.', {
  issuer: string('Exactly the `iss` of its tokens; https, or http on loopback.', {
    format: 'uri',
    substitute: 'environment',
    examples: ['https://id.example.com'],
  }),
  audience: optional(
    union('What `aud` must contain; one of several where a list is given.', [
      string('Audience.', { minLength: 1, substitute: 'environment' }),
      array('Audiences.', string('Audience.', { minLength: 1, substitute: 'environment' }), {
        minItems: 1,
        maxItems: 100,
      }),
    ]),
  ),
  authorizedParties: optional(
    array(
      'What `azp` must be one of, for issuers whose tokens have no `aud`.',
      string('Client or origin.', { minLength: 1, substitute: 'environment' }),
      { minItems: 1, maxItems: 100 },
    ),
  ),
  jwksUri: optional(
    string('Where its public keys are; found through its discovery document when absent.', {
      format: 'uri',
      substitute: 'environment',
    }),
  ),
  algorithms: array('Signatures that are accepted.', choice('Algorithm.', TOKEN_ALGORITHMS), {
    minItems: 1,
    fallback: ['RS256', 'ES256', 'PS256', 'EdDSA'],
  }),
  tenantClaim: claim('Claim that names the tenant; the default tenant without it.', 'tenant_id'),
  userClaim: claim('Claim that names the user.', 'sub'),
  rolesClaim: claim('Claim that lists roles; unknown roles grant nothing.', 'roles'),
  scopeClaim: claim('Claim whose items are permissions where they have that form.', 'scope'),
  leeway: integer('How far clocks may differ.', { unit: 's', minimum: 0, maximum: 300, fallback: 60 }),
});

/** Tokens that are signed with a shared secret, for what already makes such tokens. */
export const SharedSecret = object('Tokens signed by HS256 with a shared secret; off unless `enabled`.', {
  enabled: boolean('Whether such tokens are accepted.', { fallback: false }),
  secret: optional(
    string('At least 32 bytes; `JWT_SECRET` when absent.', {
      minLength: 1,
      secret: true,
      substitute: 'environment',
    }),
  ),
  issuer: string('The `iss` that these tokens must have.', { minLength: 1, fallback: 'quayside' }),
  audience: string('What their `aud` must contain.', { minLength: 1, fallback: 'quayside' }),
});

/** Whose tokens are accepted. */
export const Tokens = object('Tokens of identity providers.', {
  issuers: array('TokenAccess providers.', TokenIssuer, { fallback: [], maxItems: 20 }),
  hs256: optional(SharedSecret),
});

/** Accounts of this installation. */
export const LocalLogin = object('Accounts with a password, kept by Quayside itself; off unless `enabled`.', {
  enabled: boolean('Whether people log in at `/api/v1/auth/login` and their tokens are accepted.', {
    fallback: false,
  }),
});

export type TokenIssuer = Static<typeof TokenIssuer>;
export type Tokens = Static<typeof Tokens>;
