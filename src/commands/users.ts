// `quayside users`: accounts in the durable state, for the first administrator and whoever follows.
import { randomBytes } from 'node:crypto';
import { QuaysideError } from '../errors.ts';
import { audited } from '../gate/actor.ts';
import type { AuditLog } from '../gate/audit/audit.ts';
import { type Account, type Accounts, createAccounts } from '../gate/login/accounts.ts';
import { permissionProblem } from '../gate/permission/grammar.ts';
import { StoreRefusal } from '../store/store.ts';
import { EXIT, type Io, refuse } from './io.ts';
import { onStore, operatorIn } from './on-store.ts';

interface UserCommandOptions {
  readonly data?: string;
  readonly json?: true;
}

interface Granting extends UserCommandOptions {
  readonly email: string;
  readonly tenant: string;
  readonly roles?: readonly string[];
  readonly permissions?: readonly string[];
}

/** Who makes what a person at the command line makes. */
const BY = 'command line';
/** 144 bits. */
const PASSWORD_BYTES = 18;

/** Makes an account with a password that nobody has chosen. */
export function createUser(options: Granting & { readonly name?: string }, io: Io): Promise<number> {
  return withAccounts(options, io, async (accounts, audit) => {
    const password = newPassword();
    const { email, name, tenant: tenantId } = options;
    const grants = grantsOf(options);
    const change = changeOf('create', { email, tenantId }, { before: null, after: { email, ...grants } });
    const account = await audited(audit, operatorIn(tenantId), change, () =>
      accounts.create({
        ...grants,
        tenantId,
        email,
        password,
        by: BY,
        ...(name === undefined ? {} : { name }),
      }),
    );
    if (options.json === true) io.out(`${JSON.stringify({ ...account, password })}\n`);
    else io.out(`${password}\nThis is the only time the password of ${account.email} is shown.\n`);
    return EXIT.ok;
  });
}

/** Prints what `POST /api/v1/auth/register` takes as `invitation`. */
export function inviteUser(options: Granting, io: Io): Promise<number> {
  return withAccounts(options, io, async (accounts, audit) => {
    const { email, tenant: tenantId } = options;
    const grants = grantsOf(options);
    const change = changeOf('invite', { email, tenantId }, { before: null, after: { email, ...grants } });
    const { token, expiresAt } = await audited(audit, operatorIn(tenantId), change, () =>
      accounts.invite({ ...grants, tenantId, email, by: BY }),
    );
    const until = new Date(expiresAt).toISOString();
    if (options.json === true) io.out(`${JSON.stringify({ invitation: token, email, expiresAt: until })}\n`);
    else io.out(`${token}\nFor ${email}, once, until ${until}.\n`);
    return EXIT.ok;
  });
}

/** Lists addresses, states and grants. */
export function listUsers(options: UserCommandOptions, io: Io): Promise<number> {
  return withAccounts(options, io, async (accounts) => {
    const all = await accounts.list();
    if (options.json === true) io.out(`${JSON.stringify(all)}\n`);
    else if (all.length === 0) io.out('No accounts yet; make one with: quayside users create <email>\n');
    else for (const account of all) io.out(`${lineOf(account)}\n`);
    return EXIT.ok;
  });
}

/** Switches an account off or on, or replaces its password. */
export function changeUser(
  options: UserCommandOptions & {
    readonly email: string;
    readonly change: 'disable' | 'enable' | 'password';
  },
  io: Io,
): Promise<number> {
  return withAccounts(options, io, async (accounts, audit) => {
    const { email, change } = options;
    const account = await accounts.find(email);
    if (account === undefined) {
      io.err(`No account has the address ${JSON.stringify(email)}; \`quayside users list\` shows them.\n`);
      return EXIT.failure;
    }
    if (change !== 'password') {
      const enabled = change === 'enable';
      const states = { before: { enabled: account.enabled }, after: { enabled } };
      await audited(audit, operatorIn(account.tenantId), changeOf(change, account, states), () =>
        accounts.setEnabled(account, enabled),
      );
      if (options.json === true) io.out(`${JSON.stringify({ ...account, enabled })}\n`);
      else
        io.out(
          `${account.email} is ${enabled ? 'switched on' : 'switched off, and its logins are ended'}.\n`,
        );
      return EXIT.ok;
    }
    const password = newPassword();
    await audited(audit, operatorIn(account.tenantId), changeOf('set_password', account, {}), () =>
      accounts.setPassword(account, password),
    );
    if (options.json === true) io.out(`${JSON.stringify({ ...account, password })}\n`);
    else io.out(`${password}\nThis is the only time the new password of ${account.email} is shown.\n`);
    return EXIT.ok;
  });
}

async function withAccounts(
  options: UserCommandOptions & { readonly permissions?: readonly string[] },
  io: Io,
  work: (accounts: Accounts, audit: AuditLog) => Promise<number>,
): Promise<number> {
  const wrong = (options.permissions ?? []).flatMap((one) => {
    const problem = permissionProblem(one);
    return problem === undefined ? [] : [`--permissions: ${JSON.stringify(one)} ${problem}`];
  });
  if (wrong.length > 0) return refuse(io, wrong, EXIT.usage);
  return onStore(options, io, async ({ store, audit }) => {
    try {
      return await work(createAccounts(store, Date.now), audit);
    } catch (error) {
      if (error instanceof QuaysideError) return refuse(io, [error.message], EXIT.failure);
      if (error instanceof StoreRefusal && error.reason === 'foreign_key')
        return refuse(io, ['--tenant: there is no such tenant.'], EXIT.failure);
      throw error;
    }
  });
}

/** Passwords are no part of a record. */
function changeOf(
  action: string,
  { email, tenantId }: Pick<Account, 'email' | 'tenantId'>,
  states: { readonly before?: unknown; readonly after?: unknown },
) {
  return { eventType: 'admin.action', action, resourceType: 'user', resourceId: email, tenantId, ...states };
}

function grantsOf({ roles, permissions }: Granting) {
  return {
    ...(roles === undefined ? {} : { roles }),
    ...(permissions === undefined ? {} : { permissions }),
  };
}

function newPassword(): string {
  return randomBytes(PASSWORD_BYTES).toString('base64url');
}

function lineOf({ email, enabled, tenantId, roles, permissions }: Account): string {
  const grants = [...roles, ...permissions].join(',') || "the definition's grants to authenticated callers";
  return `${email}  ${enabled ? 'on' : 'off'}  ${tenantId}  ${grants}`;
}
