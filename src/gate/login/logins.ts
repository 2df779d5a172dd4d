// Logging in, staying logged in, logging out (governance §3, local login).
import { randomBytes } from 'node:crypto';
import { QuaysideError } from '../../errors.ts';
import { type Store, StoreUnavailable } from '../../store/store.ts';
import type { JsonObject } from '../../tool.ts';
import type { TokenFailure } from '../credential/tokens/token-issuer.ts';
import { type Account, hashSecret, normalEmail, toAccount } from './accounts.ts';
import { type Attempts, createAttempts } from './attempts.ts';
import type { LoginSigner } from './login-issuer.ts';
import { verifyPassword } from './password.ts';
import {
  deleteOldLogins,
  insertLogin,
  LOGINS_TOPIC,
  type LoginRow,
  loginById,
  revokeLogin,
  rotateLogin,
  userByEmail,
} from './statements.ts';

/** What a login gives (RFC 6749 §5.1). */
export interface TokenPair {
  readonly accessToken: string;
  readonly expiresInS: number;
  readonly refreshToken: string;
  readonly account: Account;
}

/** What people do with their passwords. */
export interface Logins {
  /** Throws `unauthenticated` for a wrong name or password, `rate_limited` where the name is locked. */
  logIn(email: string, password: string): Promise<TokenPair>;
  /**
   * A new pair for a refresh token, which is spent by it. One that was spent before ends the whole login: two hold it,
   * and one of them stole it (RFC 9700 §4.14.2). Throws `unauthenticated`.
   */
  refresh(token: string): Promise<TokenPair>;
  /** Ends the login of a refresh token; says nothing where there is none. */
  logOut(token: string): Promise<void>;
  /** What the claims of an access token are now, or why it is not good any more. */
  current(claims: JsonObject): Promise<JsonObject | TokenFailure>;
}

export interface LoginsDeps {
  readonly store: Store;
  readonly signer: LoginSigner;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told of a spent refresh token that came again. */
  readonly onReuse?: (account: Account) => void;
}

const ACCESS_MS = 30 * 60_000;
const REFRESH_MS = 7 * 24 * 60 * 60_000;
const SECRET_BYTES = 32;
const ID_BYTES = 16;
/** `qr_`, the login, and the secret of this turn. */
const REFRESH_TOKEN = /^qr_([\w-]{22})_([\w-]{43})$/;

/** Keeps nothing in memory: any replica goes on with what another began. */
export function createLogins(deps: LoginsDeps): Logins {
  const attempts = createAttempts(deps.store, deps.now);
  return {
    logIn: (email, password) => logIn(deps, attempts, normalEmail(email), password),
    refresh: (token) => refresh(deps, token),
    async logOut(token) {
      const { login } = parseRefreshToken(token);
      const [row] = login === undefined ? [] : await deps.store.read('system', loginById, { login });
      if (row !== undefined && row.revoked_at === null) await endLogin(deps, row);
    },
    async current(claims) {
      if (typeof claims.sid !== 'string') return 'invalid';
      try {
        const [row] = await deps.store.read('system', loginById, { login: claims.sid });
        if (row === undefined || !isOpen(row, deps.now())) return 'disabled';
        return { ...claims, ...claimsOf(toAccount(row)) };
      } catch (error) {
        if (error instanceof StoreUnavailable) return 'unavailable';
        throw error;
      }
    },
  };
}

async function logIn(
  deps: LoginsDeps,
  attempts: Attempts,
  name: string,
  password: string,
): Promise<TokenPair> {
  const { store, now } = deps;
  const waitMs = await attempts.begin(name);
  if (waitMs !== undefined) throw locked(waitMs);
  const [row] = await store.read('system', userByEmail, { email: name });
  const isRight = await verifyPassword(password, row?.password_hash);
  if (row === undefined || !isRight || row.enabled !== 1) {
    await attempts.fail(name);
    throw refused('The address or the password is wrong.');
  }
  await attempts.succeed(name);
  const login = randomBytes(ID_BYTES).toString('base64url');
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const times = { now: now(), expires: now() + REFRESH_MS };
  await store.write({ tenant: row.tenant_id }, [
    { statement: deleteOldLogins, values: { before: now() } },
    { statement: insertLogin, values: { id: login, user: row.id, hash: hashSecret(secret), ...times } },
  ]);
  return createPair(deps, toAccount(row), login, secret);
}

async function refresh(deps: LoginsDeps, token: string): Promise<TokenPair> {
  const { store, now, onReuse } = deps;
  const { login, secret } = parseRefreshToken(token);
  if (login === undefined || secret === undefined) throw refused(REFRESH_REFUSED);
  const [row] = await store.read('system', loginById, { login });
  if (row === undefined || !isOpen(row, now())) throw refused(REFRESH_REFUSED);
  const next = randomBytes(SECRET_BYTES).toString('base64url');
  const hashes = { hash: hashSecret(secret), next: hashSecret(next) };
  const [rotated] = await store.write({ tenant: row.tenant_id }, [
    { statement: rotateLogin, values: { id: login, ...hashes, expires: now() + REFRESH_MS } },
  ]);
  if (rotated?.changes === 1) return createPair(deps, toAccount(row), login, next);
  // Nobody guesses the id of a login, so whoever names it has had a token of it.
  await endLogin(deps, row);
  onReuse?.(toAccount(row));
  throw refused(REFRESH_REFUSED);
}

async function endLogin({ store, now }: LoginsDeps, row: LoginRow): Promise<void> {
  await store.write({ tenant: row.tenant_id }, [
    { statement: revokeLogin, values: { id: row.login_id, now: now() } },
    store.announce(LOGINS_TOPIC),
  ]);
}

function createPair({ signer, now }: LoginsDeps, account: Account, login: string, secret: string): TokenPair {
  return {
    accessToken: signer.sign({ ...claimsOf(account), sid: login }, { now: now(), lifetimeMs: ACCESS_MS }),
    expiresInS: ACCESS_MS / 1000,
    refreshToken: `qr_${login}_${secret}`,
    account,
  };
}

function parseRefreshToken(token: string): { login?: string | undefined; secret?: string | undefined } {
  const [, login, secret] = REFRESH_TOKEN.exec(token) ?? [];
  return { login, secret };
}

const REFRESH_REFUSED = 'The refresh token is not good any more; log in again.';

function isOpen(row: LoginRow, now: number): boolean {
  return row.revoked_at === null && row.expires_at > now && row.enabled === 1;
}

/** An account without grants of its own carries no claims of them, and so gets those of the definition. */
function claimsOf({ id, tenantId, roles, permissions, name }: Account): JsonObject {
  const hasOwn = roles.length > 0 || permissions.length > 0;
  return {
    sub: id,
    tenant_id: tenantId,
    ...(name === undefined ? {} : { name }),
    ...(hasOwn ? { roles, scope: permissions.join(' ') } : {}),
  };
}

function refused(message: string): QuaysideError {
  return new QuaysideError('unauthenticated', {
    message,
    data: { reason: 'invalid' },
    headers: { 'www-authenticate': 'Bearer' },
  });
}

function locked(waitMs: number): QuaysideError {
  const retryAfter = Math.max(1, Math.ceil(waitMs / 1000));
  return new QuaysideError('rate_limited', {
    message: `Too many failed logins; try again in ${retryAfter} s.`,
    data: { retryAfter, scope: 'login' },
    headers: { 'retry-after': String(retryAfter) },
  });
}
