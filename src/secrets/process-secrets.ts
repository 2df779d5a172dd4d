// The process's own secrets: given by the environment, else made once and kept in the data directory.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StateError } from './state-error.ts';

/** Both at least 256 bits when made here. */
export interface ProcessSecrets {
  /** Pepper of API key hashes (`API_KEY_SALT`). */
  readonly apiKeySalt: string;
  /** Signs cursors, request states and session ids (`SESSION_SECRET`). */
  readonly sessionSecret: string;
}

/** 256 bits, as the hashes and signatures made with them. */
const SECRET_BYTES = 32;
const FILE_NAME = 'secrets.json';

/**
 * What `given` lacks is read from `<dataDirectory>/secrets.json` (mode 0600), which is written when something is
 * missing there too. Throws StateError naming the file when it is not what this program wrote (new secrets would
 * silently make every stored key invalid), or the folder when it cannot be written.
 */
export function openProcessSecrets(dataDirectory: string, given: Partial<ProcessSecrets>): ProcessSecrets {
  if (given.apiKeySalt !== undefined && given.sessionSecret !== undefined) {
    return { apiKeySalt: given.apiKeySalt, sessionSecret: given.sessionSecret };
  }
  const path = join(dataDirectory, FILE_NAME);
  const stored = existsSync(path)
    ? parseSecrets(readFileSync(path, 'utf8'), path)
    : createSecrets(dataDirectory, path);
  return {
    apiKeySalt: given.apiKeySalt ?? stored.apiKeySalt,
    sessionSecret: given.sessionSecret ?? stored.sessionSecret,
  };
}

function createSecrets(dataDirectory: string, path: string): ProcessSecrets {
  const secret = () => randomBytes(SECRET_BYTES).toString('base64url');
  const secrets = { apiKeySalt: secret(), sessionSecret: secret() };
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dataDirectory, { recursive: true });
    writeFileSync(temporary, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
    renameSync(temporary, path);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : '';
    throw new StateError(
      `The data folder ${dataDirectory} cannot be written${code}; choose another with --data or QUAYSIDE_DATA_DIR.`,
      cause,
    );
  }
  return secrets;
}

function parseSecrets(text: string, path: string): ProcessSecrets {
  const wrong = (cause?: unknown) =>
    new StateError(
      `${path} is damaged; restore it from a backup. Without it, keys made earlier cannot be recognised.`,
      cause,
    );
  let value: Partial<Record<keyof ProcessSecrets, unknown>> | null;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw wrong(cause);
  }
  if (typeof value?.apiKeySalt !== 'string' || typeof value.sessionSecret !== 'string') throw wrong();
  return { apiKeySalt: value.apiKeySalt, sessionSecret: value.sessionSecret };
}
