// The doors of local login (governance §3). Public ones demand their credential in the body, and count by address.

import type { Permissions } from '../../definition/schema/security.ts';
import { QuaysideError } from '../../errors.ts';
import type { Route, RouteAnswer, RouteRequest } from '../../route.ts';
import type { JsonObject, Principal } from '../../tool.ts';
import { type Access, createAccess } from '../permission/access.ts';
import { covers, permissionProblem } from '../permission/grammar.ts';
import type { Account, Accounts, Grants } from './accounts.ts';
import { ACCOUNT_ANSWER, INVITATION_ANSWER, ME_ANSWER, PAIR_ANSWER } from './login-answers.ts';
import {
  INVITE_BODY,
  LOGIN_BODY,
  parseInvite,
  parseLogin,
  parseRefresh,
  parseRegister,
  REFRESH_BODY,
  REGISTER_BODY,
} from './login-bodies.ts';
import type { LoginEvent } from './login-event.ts';
import type { Logins, TokenPair } from './logins.ts';

/** What the doors of local login work with. */
export interface LoginRouteDeps {
  readonly accounts: Accounts;
  readonly logins: Logins;
  /** Whether `authentication.local` of the default server is on. */
  readonly isEnabled: () => boolean;
  /** `permissions` of the default server. */
  readonly permissions: () => Permissions;
  /** What else is known of a caller: name, e-mail address, picture. */
  readonly profileOf: (request: RouteRequest, principal: Principal) => Promise<JsonObject>;
  /** Told of every event that the record keeps; the answer waits until it is kept. */
  readonly record: (event: LoginEvent) => Promise<void>;
}

/** What the public doors take and give. */
const OPEN = {
  register: { schema: { body: REGISTER_BODY, answer: ACCOUNT_ANSWER }, statuses: [201] },
  login: { schema: { body: LOGIN_BODY, answer: PAIR_ANSWER }, statuses: [200] },
  refresh: { schema: { body: REFRESH_BODY, answer: PAIR_ANSWER }, statuses: [200] },
  logout: { schema: { body: REFRESH_BODY }, statuses: [204] },
} as const;

/** Register, invite, log in, refresh, log out, and who one is. Without local login only the last answers. */
export function loginRoutes(deps: LoginRouteDeps): readonly Route[] {
  const open = (summary: string, path: keyof typeof OPEN, run: Route['handle']): Route => ({
    method: 'POST',
    path: `/api/v1/auth/${path}`,
    summary,
    access: 'public',
    // A spent or unknown refresh token is no guess at a password.
    ...(OPEN[path].schema.body === REFRESH_BODY ? {} : { limitClass: 'login' }),
    ...OPEN[path],
    errorStatuses: [401, 404],
    handle(request) {
      demandEnabled(deps, request);
      return run(request);
    },
  });
  return [
    open('Makes an account: by admin:users, or for who was invited.', 'register', (request) =>
      register(deps, request),
    ),
    open('A pair of tokens for address and password.', 'login', (request) => logIn(deps, request)),
    open('A new pair for a refresh token, which is spent.', 'refresh', (request) => refresh(deps, request)),
    open('Ends the login of a refresh token.', 'logout', async (request) => {
      await deps.logins.logOut(parseRefresh(request.body));
      await deps.record({ type: 'authentication.success', action: 'logout', request });
      return { status: 204 };
    }),
    {
      method: 'POST',
      path: '/api/v1/auth/invitations',
      summary: 'Invites the owner of an address.',
      access: 'permission',
      permission: { anyOf: ['admin:users'], allOf: [] },
      limitClass: 'login',
      schema: { body: INVITE_BODY, answer: INVITATION_ANSWER },
      statuses: [201],
      errorStatuses: [404],
      handle(request) {
        demandEnabled(deps, request);
        return invite(deps, request);
      },
    },
    {
      method: 'GET',
      path: '/api/v1/auth/me',
      summary: 'Who the credential stands for.',
      access: 'permission',
      schema: { answer: ME_ANSWER },
      handle: (request) => me(deps, request),
    },
  ];
}

/** Where there is no local login these paths are like any other that nothing answers. */
function demandEnabled({ isEnabled }: LoginRouteDeps, { principal }: RouteRequest): void {
  if (isEnabled()) return;
  if (principal === undefined) throw needsCredential();
  throw new QuaysideError('not_found');
}

async function logIn(deps: LoginRouteDeps, request: RouteRequest): Promise<RouteAnswer> {
  const { email, password } = parseLogin(request.body);
  return pairAnswer(deps, 'login', request, () => deps.logins.logIn(email, password));
}

function refresh(deps: LoginRouteDeps, request: RouteRequest): Promise<RouteAnswer> {
  return pairAnswer(deps, 'refresh', request, () => deps.logins.refresh(parseRefresh(request.body)));
}

async function pairAnswer(
  deps: LoginRouteDeps,
  action: LoginEvent['action'],
  request: RouteRequest,
  ask: () => Promise<TokenPair>,
): Promise<RouteAnswer> {
  let pair: TokenPair;
  try {
    pair = await ask();
  } catch (error) {
    await deps.record({ type: 'authentication.failure', action, request });
    throw error;
  }
  const { account, accessToken, refreshToken, expiresInS } = pair;
  const { tenantId, id: userId } = account;
  await deps.record({ type: 'authentication.success', action, request, tenantId, userId });
  return {
    status: 200,
    // RFC 6749 §5.1: no cache may keep tokens.
    headers: { 'cache-control': 'no-store' },
    body: {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: expiresInS,
      refresh_token: refreshToken,
      user: presentAccount(account),
    },
  };
}

async function register(deps: LoginRouteDeps, request: RouteRequest): Promise<RouteAnswer> {
  const { invitation, roles, permissions, ...account } = parseRegister(request.body);
  const { principal } = request;
  let made: Account;
  if (invitation !== undefined) {
    if (roles !== undefined || permissions !== undefined)
      throw new QuaysideError('invalid_params', {
        message: 'The invitation says the roles and permissions.',
      });
    made = await deps.accounts.accept(invitation, account);
  } else {
    const administrator = demandAdministrator(deps, principal, { roles, permissions });
    const { tenantId, id: by } = administrator;
    made = await deps.accounts.create({ ...account, ...grantsOf({ roles, permissions }), tenantId, by });
  }
  const { tenantId, id: userId } = made;
  await deps.record({ type: 'admin.action', action: 'register', request, tenantId, userId });
  return { status: 201, body: presentAccount(made) };
}

async function invite(deps: LoginRouteDeps, request: RouteRequest): Promise<RouteAnswer> {
  const { email, roles, permissions } = parseInvite(request.body);
  const { tenantId, id: by } = demandAdministrator(deps, request.principal, { roles, permissions });
  const { token, expiresAt } = await deps.accounts.invite({
    email,
    ...grantsOf({ roles, permissions }),
    tenantId,
    by,
  });
  await deps.record({ type: 'admin.action', action: 'invite', request, tenantId });
  return {
    status: 201,
    headers: { 'cache-control': 'no-store' },
    body: { invitation: token, email, expires_at: new Date(expiresAt).toISOString() },
  };
}

type Asked = { readonly [K in keyof Grants]: Grants[K] | undefined };

/** Who may make accounts gives away no more than they have themselves. */
function demandAdministrator(
  { permissions }: LoginRouteDeps,
  principal: Principal | undefined,
  asked: Asked,
): Principal {
  if (principal === undefined) throw needsCredential();
  const access = createAccess(principal, permissions());
  const missing = ['admin:users', ...excess(principal, access, asked)].filter(
    (one) => one.startsWith('!') || !access.decide(one).allowed,
  );
  if (missing.length === 0) return principal;
  throw new QuaysideError('forbidden', {
    message: `Permission missing, or a denial of your own left out: ${missing.join(', and ')}.`,
    data: { required: missing },
  });
}

/** What the caller lacks itself, and its own denials that the new account would not have. */
function excess(
  principal: Principal,
  access: Access,
  { roles = [], permissions = [] }: Asked,
): readonly string[] {
  for (const permission of permissions) {
    const problem = permissionProblem(permission);
    if (problem !== undefined)
      throw new QuaysideError('invalid_params', {
        message: `permissions: ${JSON.stringify(permission)} ${problem}.`,
      });
  }
  const granted = permissions.filter((permission) => !permission.startsWith('!'));
  const holes = principal.permissions.filter(
    (own) =>
      own.startsWith('!') &&
      !permissions.includes(own) &&
      granted.some((one) => covers(one, own.slice(1)) || covers(own.slice(1), one)),
  );
  // What a role grants is decided elsewhere, and can change: giving any is a right of its own.
  return [
    ...granted.filter((one) => !access.decide(one).allowed),
    ...holes,
    ...(roles.length > 0 ? ['admin:roles'] : []),
  ];
}

async function me(deps: LoginRouteDeps, request: RouteRequest): Promise<RouteAnswer> {
  const { principal } = request;
  if (principal === undefined) throw needsCredential();
  const { type, id, userId, tenantId, roles, permissions } = principal;
  return {
    status: 200,
    headers: { 'cache-control': 'no-store' },
    body: {
      type,
      id,
      ...(userId === undefined ? {} : { user_id: userId }),
      tenant_id: tenantId,
      roles,
      permissions,
      ...(await deps.profileOf(request, principal)),
    },
  };
}

function presentAccount({
  id,
  tenantId,
  email,
  name,
  roles,
  permissions,
  enabled,
  createdAt,
}: Account): JsonObject {
  return {
    id,
    tenant_id: tenantId,
    email,
    ...(name === undefined ? {} : { name }),
    roles,
    permissions,
    enabled,
    created_at: new Date(createdAt).toISOString(),
  };
}

function grantsOf({ roles, permissions }: Asked): Grants {
  return {
    ...(roles === undefined ? {} : { roles }),
    ...(permissions === undefined ? {} : { permissions }),
  };
}

function needsCredential(): QuaysideError {
  const fix = 'send a valid key in the header x-api-key or as "Authorization: Bearer <key>"';
  return new QuaysideError('unauthenticated', {
    message: `Authentication failed (missing): ${fix}.`,
    data: { reason: 'missing', fix },
    headers: { 'www-authenticate': 'Bearer' },
  });
}
