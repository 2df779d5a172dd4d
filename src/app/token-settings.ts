// The environment's issuers of tokens over those of a definition: CLERK_* and JWT_SECRET (spec governance §3).
import type { Definition } from '../definition/schema/definition.ts';
import type { TokenIssuer, Tokens } from '../definition/schema/tokens.ts';
import { sharedSecretProblem } from '../definition/shared-secret.ts';
import type { AppSettings } from './settings.ts';

type Authentication = NonNullable<Definition['security']['authentication']>;

/** With an issuer in the environment, a definition without the block gets one: authentication asked for is enforced. */
const BLOCK: Authentication = { enabled: true, apiKeys: [], headerName: 'x-api-key', allowAnonymous: false };

/** The block with what the environment adds to it; undefined where neither says anything. */
export function withTokenSettings(
  authentication: Authentication | undefined,
  { environment }: AppSettings,
): Authentication | undefined {
  const issuer = clerkIssuer(environment);
  if (issuer === undefined && authentication?.jwt === undefined) return authentication;
  const block = authentication ?? BLOCK;
  const jwt: Tokens = block.jwt ?? { issuers: [] };
  const known = jwt.issuers.some((one) => one.issuer === issuer?.issuer);
  return {
    ...block,
    jwt: {
      ...jwt,
      issuers: issuer === undefined || known ? jwt.issuers : [...jwt.issuers, issuer],
      ...(jwt.hs256 === undefined ? {} : { hs256: withSecret(jwt.hs256, environment.jwtSecret) }),
    },
  };
}

/** One line for each thing that keeps tokens from working as they were asked for. */
export function tokenSettingProblems(
  definitions: readonly { readonly definition: Definition; readonly file: string }[],
  { environment }: AppSettings,
): string[] {
  const { clerkIssuer: issuer, clerkAudience, clerkAuthorizedParties, jwtSecret } = environment;
  const problems: string[] = [];
  if (issuer !== undefined && (clerkAudience === undefined) === (clerkAuthorizedParties === undefined))
    problems.push('CLERK_ISSUER: set one of CLERK_AUDIENCE and CLERK_AUTHORIZED_PARTIES with it.');
  for (const { definition, file } of definitions) {
    const hs256 = definition.security.authentication?.jwt?.hs256;
    if (hs256?.enabled !== true) continue;
    if (hs256.secret === undefined)
      problems.push(`${file}: jwt.hs256 is enabled and has no secret; set JWT_SECRET or hs256.secret.`);
    else if (hs256.secret === jwtSecret) problems.push(...secretProblems(jwtSecret));
  }
  return [...new Set(problems)];
}

function secretProblems(secret: string): string[] {
  const problem = sharedSecretProblem(secret);
  return problem === undefined ? [] : [`JWT_SECRET: ${problem} Make one with: openssl rand -base64 48`];
}

function withSecret(hs256: NonNullable<Tokens['hs256']>, secret: string | undefined) {
  return hs256.secret !== undefined || secret === undefined ? hs256 : { ...hs256, secret };
}

function clerkIssuer(environment: AppSettings['environment']): TokenIssuer | undefined {
  const { clerkIssuer: issuer, clerkAudience: audience, clerkAuthorizedParties: parties } = environment;
  if (issuer === undefined) return undefined;
  return {
    issuer,
    ...(audience === undefined ? {} : { audience: [...audience] }),
    ...(parties === undefined ? {} : { authorizedParties: [...parties] }),
    algorithms: ['RS256', 'ES256', 'PS256', 'EdDSA'],
    tenantClaim: 'tenant_id',
    userClaim: 'sub',
    rolesClaim: 'roles',
    scopeClaim: 'scope',
    leeway: 60,
  };
}
