// The people who log in here: made by an administrator or by an invitation, switched off, listed.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { QuaysideError } from '../../errors.ts';
import type { Step, Store } from '../../store/store.ts';
import { StoreConflict, StoreRefusal } from '../../store/store.ts';
import { hashPassword, passwordProblem } from './password.ts';
import {
  acceptInvitation,
  allUsers,
  type InvitationRow,
  insertInvitation,
  insertUser,
  invitationByHash,
  LOGINS_TOPIC,
  revokeLoginsOfUser,
  setUserEnabled,
  setUserPassword,
  type UserRow,
  userByEmail,
} from './statements.ts';

/** An account as it is shown; never with its password. */
export interface Account {
  readonly id: string;
  readonly tenantId: string;
  readonly email: string;
  readonly name: string | undefined;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly enabled: boolean;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** What an account may do; both empty: what the definition grants to authenticated callers. */
export interface Grants {
  readonly roles?: readonly string[];
  readonly permissions?: readonly string[];
}

export interface NewAccount extends Grants {
  readonly tenantId: string;
  readonly email: string;
  readonly password: string;
  readonly name?: string;
  /** Who makes it; safe to log. */
  readonly by: string;
}

/** What a person who was invited says. */
export type Invited = Pick<NewAccount, 'email' | 'password' | 'name'>;

export interface NewInvitation extends Grants {
  readonly tenantId: string;
  readonly email: string;
  readonly by: string;
}

/** What can be done with accounts; REST and command line are doors to it. */
export interface Accounts {
  /** Throws `invalid_params` for what is malformed, `conflict` for an address that has an account. */
  create(account: NewAccount): Promise<Account>;
  /** The account of who was invited, with what the invitation grants. Throws `unauthenticated` where it is not good. */
  accept(invitation: string, account: Invited): Promise<Account>;
  /** The secret of an invitation, shown once; good for 7 days and one account. */
  invite(invitation: NewInvitation): Promise<{ readonly token: string; readonly expiresAt: number }>;
  list(): Promise<readonly Account[]>;
  find(email: string): Promise<Account | undefined>;
  /** Switches an account off, with all its logins, or on again. */
  setEnabled(account: Account, enabled: boolean): Promise<void>;
  /** Replaces the password and ends all logins. Throws `invalid_params`. */
  setPassword(account: Account, password: string): Promise<void>;
}

const INVITATION_MS = 7 * 24 * 60 * 60_000;
const SECRET_BYTES = 32;
/** RFC 5321 §4.5.3.1.3. */
const EMAIL_LENGTH_MAX = 254;
const EMAIL = /^[^\s@"<>]+@[^\s@"<>]+$/;

/** `now` in milliseconds since 1970. */
export function createAccounts(store: Store, now: () => number): Accounts {
  const desk: Desk = { store, now };
  return {
    create: (account) => insert(desk, account, []),
    accept: (token, account) => accept(desk, token, account),
    invite: (invitation) => invite(desk, invitation),
    list: async () => (await store.read('system', allUsers, {})).map(toAccount),
    async find(email) {
      const [row] = await store.read('system', userByEmail, { email: normalEmail(email) });
      return row === undefined ? undefined : toAccount(row);
    },
    async setEnabled({ tenantId, id }, enabled) {
      const at = now();
      await store.write({ tenant: tenantId }, [
        { statement: setUserEnabled, values: { id, enabled: enabled ? 1 : 0, now: at } },
        ...(enabled ? [] : [{ statement: revokeLoginsOfUser, values: { user: id, now: at } }]),
        store.announce(LOGINS_TOPIC),
      ]);
    },
    async setPassword({ tenantId, id }, password) {
      const at = now();
      await store.write({ tenant: tenantId }, [
        { statement: setUserPassword, values: { id, password: await acceptPassword(password), now: at } },
        { statement: revokeLoginsOfUser, values: { user: id, now: at } },
        store.announce(LOGINS_TOPIC),
      ]);
    },
  };
}

interface Desk {
  readonly store: Store;
  readonly now: () => number;
}

/** `before` is part of the same write. */
async function insert({ store, now }: Desk, account: NewAccount, before: readonly Step[]): Promise<Account> {
  const email = parseEmail(account.email);
  const { tenantId, name, roles = [], permissions = [], by } = account;
  const password = await acceptPassword(account.password);
  const id = randomUUID();
  const createdAt = now();
  const lists = { roles: JSON.stringify(roles), permissions: JSON.stringify(permissions) };
  const step: Step = {
    statement: insertUser,
    values: { id, email, name: name ?? null, password, ...lists, by, now: createdAt },
  };
  await store.write({ tenant: tenantId }, [...before, step]).catch((error: unknown) => {
    if (error instanceof StoreRefusal && error.reason === 'unique') throw taken();
    throw error;
  });
  return { id, tenantId, email, name, roles, permissions, enabled: true, createdAt };
}

async function accept(desk: Desk, token: string, account: Invited): Promise<Account> {
  const { store, now } = desk;
  const [invitation] = await store.read('system', invitationByHash, { hash: hashSecret(token) });
  if (!isGood(invitation, parseEmail(account.email), now())) throw notInvited();
  const { tenant_id: tenantId, id, roles, permissions } = invitation;
  const grants = { roles: parseList(roles), permissions: parseList(permissions) };
  const step = { statement: acceptInvitation, values: { id, now: now() }, expect: 1 };
  try {
    return await insert(desk, { ...account, ...grants, tenantId, by: `invitation:${id}` }, [step]);
  } catch (error) {
    if (error instanceof StoreConflict) throw notInvited();
    throw error;
  }
}

async function invite(
  { store, now }: Desk,
  { tenantId, email, roles = [], permissions = [], by }: NewInvitation,
): Promise<{ readonly token: string; readonly expiresAt: number }> {
  const token = `qi_${randomBytes(SECRET_BYTES).toString('base64url')}`;
  const expiresAt = now() + INVITATION_MS;
  const values = {
    id: randomUUID(),
    hash: hashSecret(token),
    email: parseEmail(email),
    roles: JSON.stringify(roles),
    permissions: JSON.stringify(permissions),
    by,
    now: now(),
    expires: expiresAt,
  };
  await store.write({ tenant: tenantId }, [{ statement: insertInvitation, values }]);
  return { token, expiresAt };
}

/** How a secret of 256 bits is kept: nothing is gained by guessing, so a plain hash is enough. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** One spelling for one mailbox: people do not remember their capitals. */
export function normalEmail(email: string): string {
  return email.trim().normalize('NFC').toLowerCase();
}

/** The row as it is shown. */
export function toAccount(row: UserRow): Account {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    email: row.email,
    name: row.name ?? undefined,
    roles: parseList(row.roles),
    permissions: parseList(row.permissions),
    enabled: row.enabled === 1,
    createdAt: row.created_at,
  };
}

function parseList(text: string): readonly string[] {
  const list: unknown = JSON.parse(text);
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
}

function parseEmail(text: string): string {
  const email = normalEmail(text);
  if (EMAIL.test(email) && email.length <= EMAIL_LENGTH_MAX) return email;
  throw new QuaysideError('invalid_params', {
    message: 'email: must be an address such as ada@example.com.',
    data: { field: 'email' },
  });
}

function acceptPassword(password: string): Promise<string> {
  const problem = passwordProblem(password);
  if (problem === undefined) return hashPassword(password);
  throw new QuaysideError('invalid_params', {
    message: `password: ${problem}.`,
    data: { field: 'password' },
  });
}

function isGood(
  invitation: InvitationRow | undefined,
  email: string,
  now: number,
): invitation is InvitationRow {
  return (
    invitation !== undefined &&
    invitation.email === email &&
    invitation.accepted_at === null &&
    invitation.expires_at > now
  );
}

function notInvited(): QuaysideError {
  return new QuaysideError('unauthenticated', {
    message: 'The invitation is not good: it is used, expired, or for another address. Ask for a new one.',
    data: { reason: 'invalid' },
    headers: { 'www-authenticate': 'Bearer' },
  });
}

function taken(): QuaysideError {
  return new QuaysideError('conflict', { message: 'The address has an account already.' });
}
