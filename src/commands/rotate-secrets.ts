// `quayside rotate-secrets`: the master key, the secrets that sign, and those that are stored.
import { audited } from '../gate/actor.ts';
import { PROCESS_SECRETS_TOPIC } from '../secrets/process-secrets.ts';
import { rotateKeys } from '../secrets/rotate-keys.ts';
import { rotateSigning } from '../secrets/rotate-signing.ts';
import type { SigningUse } from '../secrets/signing-file.ts';
import { EXIT, type Io, refuse } from './io.ts';
import { EMPTY_VALUE, givenValue, type SecretCommandOptions, tenantOf, withSecrets } from './on-secrets.ts';
import { onStore, operatorIn } from './on-store.ts';

export interface RotateOptions extends SecretCommandOptions {
  /** Default: the master key. */
  readonly name?: string;
  readonly dataKey?: true;
  /** Default {@link GRACE_HOURS}. */
  readonly grace?: number;
  /** Holds the new value of a stored secret; default: the standard input. */
  readonly file?: string;
}

/** How long the old one counts (operations §8). */
const GRACE_HOURS = 24;
const HOUR_MS = 3_600_000;

const SIGNING: Readonly<Record<string, SigningUse>> = { session: 'session', 'token-signing': 'tokens' };

/** Replaces the secret that `--name` names. */
export function rotateSecrets(options: RotateOptions, io: Io): Promise<number> {
  const { name = 'master-key' } = options;
  if (options.dataKey === true && name !== 'master-key')
    return Promise.resolve(usage(io, '--data-key goes with the master key; leave out --name.'));
  if (options.grace !== undefined && name === 'master-key')
    return Promise.resolve(usage(io, '--grace does not go with the master key: you remove the old one.'));
  if (options.file !== undefined && isOurs(name))
    return Promise.resolve(usage(io, `--file goes with a stored secret; ${name} is generated.`));
  if (name === 'master-key') return rotateMasterKey(options, io);
  if (name === 'database-password') return rotateDatabasePassword(options, io);
  const use = Object.hasOwn(SIGNING, name) ? SIGNING[name] : undefined;
  if (use !== undefined) return rotateSigningSecret({ ...options, name, use }, io);
  return rotateStored({ ...options, name: name.replace(/^secret:/, '') }, io);
}

/** A stored secret of such a name is rotated as `secret:<name>`. */
function isOurs(name: string): boolean {
  return name === 'master-key' || name === 'database-password' || Object.hasOwn(SIGNING, name);
}

/** Wraps all keys by the newest master key, and seals all values anew when asked to. */
function rotateMasterKey(options: RotateOptions, io: Io): Promise<number> {
  return withSecrets(options, io, async ({ store, masterKeys, audit, actor }) => {
    const newDataKey = options.dataKey === true;
    const change = {
      eventType: 'secret.rotated',
      action: newDataKey ? 'rotate_data_keys' : 'rotate_master_key',
      resourceType: 'master_key',
      resourceId: 'newest',
      tenantId: actor.tenantId,
    };
    const report = await audited(audit, actor, change, () =>
      rotateKeys({ store, masterKeys, now: Date.now }, { newDataKey }),
    );
    if (options.json === true) io.out(`${JSON.stringify(report)}\n`);
    else {
      io.out(
        `${report.rewrapped} keys are wrapped anew by the master key ${report.masterKey}, ${report.resealed} secrets sealed anew, ${report.verified} opened to be sure.\nOlder master keys are not needed any more.\n`,
      );
    }
    return EXIT.ok;
  });
}

/** What the data folder holds is replaced; what the environment gives is its owner's to change. */
function rotateSigningSecret(
  options: RotateOptions & { readonly name: string; readonly use: SigningUse },
  io: Io,
): Promise<number> {
  const { name, use, grace = GRACE_HOURS } = options;
  return onStore(options, io, async ({ store, audit, environment, dataDirectory }) => {
    if (environment.sessionSecret !== undefined)
      return refuse(
        io,
        GIVEN.map((line) => `${name}: ${line}`),
      );
    const change = {
      eventType: 'secret.rotated',
      action: 'rotate',
      resourceType: 'process_secret',
      resourceId: name,
      tenantId: tenantOf(options),
      after: { grace_hours: grace },
    };
    const announce = () => store.write('system', [store.announce(PROCESS_SECRETS_TOPIC)]);
    const graceMs = grace * HOUR_MS;
    const { signsFrom, oldUntil } = await audited(audit, operatorIn(tenantOf(options)), change, () =>
      rotateSigning({ dataDirectory, use, graceMs, now: Date.now(), announce }),
    );
    const [from, until] = [signsFrom, oldUntil].map((time) => new Date(time).toISOString());
    if (options.json === true) io.out(`${JSON.stringify({ name, signsFrom: from, oldUntil: until })}\n`);
    else
      io.out(
        `${name} is rotated: the new one signs from ${from}, what the old one signed counts until ${until}.\n`,
      );
    return EXIT.ok;
  });
}

/** What the processes log in with: the other one of two users gets a new password, and its turn. */
function rotateDatabasePassword(options: RotateOptions, io: Io): Promise<number> {
  const { grace = GRACE_HOURS } = options;
  return onStore(options, io, async ({ address, store, audit, environment }) => {
    const { databaseLoginFile: loginFile, databaseAdminUrl: adminUrl } = environment;
    if (address.kind === 'sqlite')
      return usage(io, 'database-password: the state lies in the data folder, which has no password.');
    if (loginFile === undefined || adminUrl === undefined) return refuse(io, LOGIN_FILE);
    const { LoginRotationRefused, rotateLogin } = await import('../store/postgres/rotate-login.ts');
    const change = {
      eventType: 'secret.rotated',
      action: 'rotate',
      resourceType: 'process_secret',
      resourceId: 'database-password',
      tenantId: tenantOf(options),
      after: { grace_hours: grace },
    };
    try {
      const { user, before, beforeUntil } = await audited(audit, operatorIn(tenantOf(options)), change, () =>
        rotateLogin({
          url: address.url,
          loginFile,
          adminUrl,
          graceMs: grace * HOUR_MS,
          now: Date.now(),
        }),
      );
      // Whoever serves hides the new password from now on.
      await store.write('system', [store.announce(PROCESS_SECRETS_TOPIC)]);
      const until = new Date(beforeUntil).toISOString();
      if (options.json === true)
        io.out(`${JSON.stringify({ name: 'database-password', user, before, beforeUntil: until })}\n`);
      else
        io.out(
          `database-password is rotated: new sessions log in as ${user}, whose password is in ${loginFile}; ${before} may log in until ${until}.\n`,
        );
      return EXIT.ok;
    } catch (error) {
      const isKnown =
        error instanceof LoginRotationRefused ||
        // PostgreSQL's own errors carry the first, those of the file system the second.
        (error instanceof Error && ('severity' in error || 'syscall' in error));
      if (!isKnown) throw error;
      return refuse(io, [`database-password: ${error.message}`]);
    }
  });
}

const LOGIN_FILE = [
  'database-password: the processes read their login from a file, and an administrator makes the new one.',
  'Set DATABASE_LOGIN_FILE to a file that holds user:password, for all processes, and DATABASE_ADMIN_URL for this command.',
];

const GIVEN = [
  'SESSION_SECRET (or SECRET_KEY) gives this secret, so only you can change it.',
  'Set SESSION_SECRET to a new value (openssl rand -base64 32) and SESSION_SECRET_PREVIOUS to the old one, restart, and remove SESSION_SECRET_PREVIOUS after 24 hours.',
  'With several replicas, first give the new value to all of them as SESSION_SECRET_PREVIOUS, then exchange the two.',
];

/** The secret must be there: a name that is mistyped would else store one that nobody reads. */
function rotateStored(options: RotateOptions & { readonly name: string }, io: Io): Promise<number> {
  const { name, grace = GRACE_HOURS } = options;
  return withSecrets(options, io, async ({ commands, actor }) => {
    await commands.find(actor, name);
    const value = await givenValue(options.file);
    if (value === '') return usage(io, EMPTY_VALUE);
    const { version } = await commands.rotate(actor, name, { value, graceMs: grace * HOUR_MS });
    if (options.json === true) io.out(`${JSON.stringify({ name, version, graceHours: grace })}\n`);
    else
      io.out(
        `${name} is rotated (version ${version}) and was read back; \`quayside secrets restore ${name}\` puts the value before it back for ${grace} hours.\n`,
      );
    return EXIT.ok;
  });
}

function usage(io: Io, message: string): number {
  return refuse(io, [message], EXIT.usage);
}
