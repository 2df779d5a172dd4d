// The process's own secrets: given by the environment, else made once and kept in the data directory.
import { randomBytes } from 'node:crypto';
import { changeSecretsFile, damagedSecrets, readSecretsFile, type SecretsDocument } from './secrets-file.ts';
import { parseRing, ringValues, type SigningUse } from './signing-file.ts';
import { type SigningRing, type SigningSecrets, signingSecrets } from './signing-secrets.ts';

/** All at least 256 bits when made here. */
export interface ProcessSecrets {
  /** Pepper of API key hashes (`API_KEY_SALT`). */
  readonly apiKeySalt: string;
  /** Sign cursors, request states and session ids (`SESSION_SECRET`). */
  readonly session: SigningSecrets;
  /** Sign the access tokens of local logins; those of `session` until they are rotated by themselves. */
  readonly tokens: SigningSecrets;
  /** Every secret among them, for whoever hides them. */
  values(): readonly string[];
  /** Reads the file again: another process may have rotated. Throws StateError, and leaves all as it was. */
  refresh(): void;
}

/** What the environment gives. */
export interface GivenSecrets {
  readonly apiKeySalt?: string;
  readonly sessionSecret?: string;
  /** `SESSION_SECRET_PREVIOUS`: its signatures count as long as it is given. Without effect on generated ones. */
  readonly sessionSecretPrevious?: string;
}

/** Told to every process at the commit of a rotation of what the data directory holds. */
export const PROCESS_SECRETS_TOPIC = 'process_secrets';

/** 256 bits, as the hashes and signatures made with them. */
const SECRET_BYTES = 32;

/**
 * What `given` lacks is read from `<dataDirectory>/secrets.json`, which is written when something is missing there
 * too. Throws StateError naming the file when it is not what this program wrote (new secrets would silently make every
 * stored key invalid), or the folder when it cannot be written.
 */
export function openProcessSecrets(
  dataDirectory: string,
  given: GivenSecrets,
  now: () => number = Date.now,
): ProcessSecrets {
  const read = () => readSecrets(dataDirectory, given);
  let known = read();
  return {
    apiKeySalt: known.apiKeySalt,
    session: signingSecrets(() => known.session, now),
    tokens: signingSecrets(() => known.tokens, now),
    values: () => [known.apiKeySalt, ...ringValues(known.session), ...ringValues(known.tokens)],
    refresh() {
      known = read();
    },
  };
}

interface ReadSecrets extends Readonly<Record<SigningUse, SigningRing>> {
  readonly apiKeySalt: string;
}

function readSecrets(dataDirectory: string, given: GivenSecrets): ReadSecrets {
  const { apiKeySalt, sessionSecret } = given;
  if (apiKeySalt !== undefined && sessionSecret !== undefined) {
    const ring = givenRing(sessionSecret, given.sessionSecretPrevious);
    return { apiKeySalt, session: ring, tokens: ring };
  }
  const stored =
    parseSecrets(readSecretsFile(dataDirectory), dataDirectory) ??
    parseSecrets(changeSecretsFile(dataDirectory, withSecrets), dataDirectory);
  if (stored === undefined) throw damagedSecrets(dataDirectory);
  const salt = { apiKeySalt: apiKeySalt ?? stored.apiKeySalt };
  if (sessionSecret === undefined) return { ...stored, ...salt };
  const ring = givenRing(sessionSecret, given.sessionSecretPrevious);
  return { ...salt, session: ring, tokens: ring };
}

/** An operator takes the previous one away again, so it has no end here. */
function givenRing(value: string, previous: string | undefined): SigningRing {
  const before = previous === undefined ? [] : [{ value: previous, until: Number.POSITIVE_INFINITY }];
  return { newest: { value }, since: 0, previous: before };
}

/** A new one. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

function withSecrets(document: SecretsDocument): SecretsDocument {
  return { apiKeySalt: newSecret(), sessionSecret: newSecret(), ...document };
}

/** Undefined when both are absent: the file then holds only what other parts made. */
function parseSecrets(document: SecretsDocument, dataDirectory: string): ReadSecrets | undefined {
  const { apiKeySalt, sessionSecret } = document;
  if (apiKeySalt === undefined && sessionSecret === undefined) return undefined;
  const session = parseRing(document, 'session', dataDirectory);
  if (typeof apiKeySalt !== 'string' || session === undefined) throw damagedSecrets(dataDirectory);
  return { apiKeySalt, session, tokens: parseRing(document, 'tokens', dataDirectory) ?? session };
}
