// Builds local login and everything about identity that answers over HTTP.
import type { Egress } from '../egress/egress.ts';
import type { AuditLog } from '../gate/audit/audit.ts';
import { metadataRoutes } from '../gate/credential/tokens/metadata-routes.ts';
import { createProfiles, type Profiles } from '../gate/credential/tokens/profile.ts';
import { issuersOf } from '../gate/credential/tokens/trusted-issuers.ts';
import { type Accounts, createAccounts } from '../gate/login/accounts.ts';
import { type LoginEvent, toAuditEvent } from '../gate/login/login-event.ts';
import { createLoginSigner, loginIssuer } from '../gate/login/login-issuer.ts';
import { loginRoutes } from '../gate/login/login-routes.ts';
import { createLogins, type Logins } from '../gate/login/logins.ts';
import { LOGINS_TOPIC } from '../gate/login/statements.ts';
import type { PlanHolder } from '../plan/server-plan.ts';
import type { Route, RouteRequest } from '../route.ts';
import type { SigningSecrets } from '../secrets/signing-secrets.ts';
import type { Store } from '../store/store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { JsonObject, Principal } from '../tool.ts';
import type { AppSettings } from './settings.ts';
import { createTokenAccess, hasLocalLogin, type TokenAccess } from './tokens.ts';

export interface LoginDeps {
  readonly settings: AppSettings;
  readonly telemetry: Telemetry;
  readonly egress: Egress;
  readonly store: Store;
  /** Sign access tokens. */
  readonly tokenSecrets: SigningSecrets;
  /** Absent: accounts are only logged. */
  readonly audit?: AuditLog;
}

/** Who this process knows, by tokens of others and by its own accounts. */
export interface IdentityParts {
  readonly tokens: TokenAccess;
  routes(plans: PlanHolder): readonly Route[];
  close(): void;
}

export function createIdentityParts(deps: LoginDeps): IdentityParts {
  const { settings, telemetry, egress, store } = deps;
  const log = telemetry.log.child({ component: 'tokens' });
  const { publicUrl } = settings.environment;
  const signer = createLoginSigner(deps.tokenSecrets);
  const logins = createLogins({
    store,
    signer,
    now: Date.now,
    onReuse: ({ id, tenantId }) =>
      log.warn(
        { event: 'security.violation', user: id, tenant: tenantId },
        'A spent refresh token came again.',
      ),
  });
  let generation = 0;
  const stopWatching = store.watch(LOGINS_TOPIC, () => {
    generation++;
  });
  const tokens = createTokenAccess({
    egress,
    log,
    publicUrl,
    now: Date.now,
    local: { issuer: loginIssuer(signer, logins.current), generation: () => generation },
  });
  const profiles = createProfiles({ egress, log, ...clerkOf(settings) });
  const accounts = createAccounts(store, Date.now);
  return {
    tokens,
    close: stopWatching,
    routes: (plans) => [
      ...metadataRoutes({ publicUrl, definitionOf: (slug) => definitionOf(plans, slug) }),
      ...routesOfLogin({ ...deps, accounts, logins, profiles, plans }),
    ],
  };
}

interface RouteParts extends Pick<LoginDeps, 'telemetry' | 'audit'> {
  readonly accounts: Accounts;
  readonly logins: Logins;
  readonly profiles: Profiles;
  readonly plans: PlanHolder;
}

function routesOfLogin({
  accounts,
  logins,
  profiles,
  plans,
  telemetry,
  audit,
}: RouteParts): readonly Route[] {
  const log = telemetry.log.child({ component: 'login' });
  return loginRoutes({
    accounts,
    logins,
    isEnabled: () => hasLocalLogin(plans.current().defaultServer.definition),
    permissions: () => plans.current().defaultServer.definition.security.permissions,
    profileOf: (request, principal) => profileOf(plans, profiles, request, principal),
    async record(event) {
      log.notice(fieldsOf(event), 'An account was used or made.');
      // Accounts are only made where the record of it is kept; logins may go on without.
      if (event.type === 'admin.action') await audit?.commit(toAuditEvent(event));
      else audit?.record(toAuditEvent(event));
    },
  });
}

function fieldsOf({ type, action, request, tenantId, userId }: LoginEvent): JsonObject {
  return {
    event: type,
    action,
    request_id: request.requestId,
    client_address: request.clientAddress,
    principal: request.principal?.id,
    tenant: tenantId,
    user: userId,
  };
}

/** The gate has verified the token that the request came with; here it is only read. */
async function profileOf(
  plans: PlanHolder,
  profiles: Profiles,
  { headers }: RouteRequest,
  { type }: Principal,
): Promise<JsonObject> {
  const token = /^bearer (\S+)$/i.exec(String(headers.authorization))?.[1];
  if (type !== 'token' || token === undefined) return {};
  const claims: JsonObject = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  const issuer = issuersOf(plans.current().defaultServer.definition).find((one) => one.issuer === claims.iss);
  if (issuer !== undefined) return { ...(await profiles.of(token, claims, issuer)) };
  return typeof claims.name === 'string' ? { name: claims.name } : {};
}

function definitionOf(plans: PlanHolder, slug: string | undefined) {
  const { servers, defaultServer } = plans.current();
  return (slug === undefined ? defaultServer : servers.get(slug))?.definition;
}

function clerkOf({ environment }: AppSettings) {
  const { clerkIssuer: issuer, clerkSecretKey: secretKey, clerkApiUrl } = environment;
  if (issuer === undefined || secretKey === undefined) return {};
  return { clerk: { issuer, secretKey, apiUrl: clerkApiUrl ?? 'https://api.clerk.com' } };
}
