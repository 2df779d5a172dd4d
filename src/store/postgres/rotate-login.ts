// Rotates the password of the store's PostgreSQL with two users that alternate: the other one gets a new password and
// its turn, and the one before it may log in until the grace ends.
import { randomBytes } from 'node:crypto';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { clientConfig, NAME_BYTES_MAX } from './client-config.ts';
import { readLoginFile, withLogin, writeLoginFile } from './login.ts';
import { inspectPostgres } from './migrate.ts';
import { scramVerifier } from './scram.ts';

export interface RotateLoginOptions {
  /** The database; its login is replaced by that of the file. */
  readonly url: string;
  /** Read, and replaced once the new login was tried. */
  readonly loginFile: string;
  /** A user who may create roles and grant the application role. */
  readonly adminUrl: string;
  /** How long the user before may still log in. */
  readonly graceMs: number;
  readonly now: number;
}

/** The users are not as a rotation needs them; the message says what to do. */
export class LoginRotationRefused extends Error {}

/** What a rotation came to. */
export interface RotatedLogin {
  readonly user: string;
  readonly before: string;
  /** Epoch milliseconds; its sessions go on, new ones are refused from then on. */
  readonly beforeUntil: number;
}

/** 256 bits; of letters that need no escape and no preparation (RFC 4013). */
const PASSWORD_BYTES = 32;
/** Of the second user's name. */
const SECOND = '_b';
/** Any number that nobody else uses: `qulo` in ASCII. */
const ROTATION_LOCK = 0x71756c6f;

/**
 * Rejects with LoginRotationRefused when the users are no ordinary ones, with what the file system reports when the file
 * cannot be written, and with what PostgreSQL reports. Until the new login was tried nothing changes for whoever serves.
 */
export async function rotateLogin(options: RotateLoginOptions): Promise<RotatedLogin> {
  const { url, loginFile, adminUrl, graceMs, now } = options;
  return withClient(adminUrl, async (admin) => {
    await admin.query('SELECT pg_advisory_lock($1)', [ROTATION_LOCK]);
    const before = readLoginFile(loginFile);
    const { role: app, isPrivileged } = await inspectPostgres(withLogin(url, before));
    if (isPrivileged) throw new LoginRotationRefused(OWNER(before.user));
    await checkSameServer(admin, { url, app });
    // Tried first: a new password that nobody can be told would be of no use.
    writeLoginFile(loginFile, before);
    const next = {
      user: otherUser(before.user),
      password: randomBytes(PASSWORD_BYTES).toString('base64url'),
    };
    await letLogIn(admin, { ...next, app });
    await tryLogin(withLogin(url, next), app);
    writeLoginFile(loginFile, next);
    const beforeUntil = now + graceMs;
    await admin.query(
      `ALTER ROLE ${escapeIdentifier(before.user)} VALID UNTIL ${escapeLiteral(new Date(beforeUntil).toISOString())}`,
    );
    return { user: next.user, before: before.user, beforeUntil };
  });
}

const OWNER = (user: string) =>
  `${user} owns the tables, and a second owner would not. Let the processes log in as an ordinary user (docs/store.md), then rotate its password.`;

/** `quayside` and `quayside_b`. */
function otherUser(user: string): string {
  if (user.endsWith(SECOND)) return user.slice(0, -SECOND.length);
  const other = `${user}${SECOND}`;
  if (Buffer.byteLength(other) > NAME_BYTES_MAX)
    throw new LoginRotationRefused(
      `The user ${user} has too long a name for a second one (${other}); take one of at most ${NAME_BYTES_MAX - SECOND.length} bytes.`,
    );
  return other;
}

/** Roles belong to a server: those of another one would be changed in vain. */
async function checkSameServer(admin: Client, { url, app }: { url: string; app: string }): Promise<void> {
  const { rows } = await admin.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [app]);
  if (rows.length === 0)
    throw new LoginRotationRefused(
      `DATABASE_ADMIN_URL: there is no role ${app} on that server; name the server of ${new URL(url).host}.`,
    );
}

/** Makes the user, or gives it its turn again. */
async function letLogIn(
  admin: Client,
  { user, password, app }: { readonly user: string; readonly password: string; readonly app: string },
): Promise<void> {
  const { rows } = await admin.query(
    'SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication AS mighty FROM pg_roles WHERE rolname = $1',
    [user],
  );
  if (rows[0]?.mighty === true)
    throw new LoginRotationRefused(
      `The role ${user} is there and is no ordinary user; rename it, or take its rights.`,
    );
  const name = escapeIdentifier(user);
  const verb = rows.length === 0 ? 'CREATE' : 'ALTER';
  await admin.query(
    `${verb} ROLE ${name} LOGIN PASSWORD ${escapeLiteral(scramVerifier(password))} VALID UNTIL 'infinity'`,
  );
  await admin.query(`GRANT ${escapeIdentifier(app)} TO ${name}`);
}

/** As a session of the store begins. */
async function tryLogin(url: string, app: string): Promise<void> {
  const { isPrivileged } = await inspectPostgres(url);
  if (isPrivileged) throw new LoginRotationRefused(OWNER(new URL(url).username));
  await withClient(url, (client) => client.query('SELECT id FROM schema_migrations LIMIT 1'), app);
}

async function withClient<Result>(
  url: string,
  work: (client: Client) => Promise<Result>,
  role?: string,
): Promise<Result> {
  const client = new Client(clientConfig(url, role));
  // Without a listener a session that the server ends would end this process; the statement under way reports it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
