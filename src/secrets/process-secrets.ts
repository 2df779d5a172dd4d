// The process's own secrets: given by the environment, else made once and kept in the data directory.
import { randomBytes } from 'node:crypto';
import { changeSecretsFile, damagedSecrets, readSecretsFile, type SecretsDocument } from './secrets-file.ts';

/** Both at least 256 bits when made here. */
export interface ProcessSecrets {
  /** Pepper of API key hashes (`API_KEY_SALT`). */
  readonly apiKeySalt: string;
  /** Signs cursors, request states and session ids (`SESSION_SECRET`). */
  readonly sessionSecret: string;
}

/** 256 bits, as the hashes and signatures made with them. */
const SECRET_BYTES = 32;

/**
 * What `given` lacks is read from `<dataDirectory>/secrets.json`, which is written when something is missing there
 * too. Throws StateError naming the file when it is not what this program wrote (new secrets would silently make every
 * stored key invalid), or the folder when it cannot be written.
 */
export function openProcessSecrets(dataDirectory: string, given: Partial<ProcessSecrets>): ProcessSecrets {
  if (given.apiKeySalt !== undefined && given.sessionSecret !== undefined) {
    return { apiKeySalt: given.apiKeySalt, sessionSecret: given.sessionSecret };
  }
  const stored =
    parseSecrets(readSecretsFile(dataDirectory), dataDirectory) ??
    parseSecrets(changeSecretsFile(dataDirectory, withSecrets), dataDirectory);
  if (stored === undefined) throw damagedSecrets(dataDirectory);
  return {
    apiKeySalt: given.apiKeySalt ?? stored.apiKeySalt,
    sessionSecret: given.sessionSecret ?? stored.sessionSecret,
  };
}

function withSecrets(document: SecretsDocument): SecretsDocument {
  const secret = () => randomBytes(SECRET_BYTES).toString('base64url');
  return { apiKeySalt: secret(), sessionSecret: secret(), ...document };
}

/** Undefined when both are absent: the file then holds only what other parts made. */
function parseSecrets(document: SecretsDocument, dataDirectory: string): ProcessSecrets | undefined {
  const { apiKeySalt, sessionSecret } = document;
  if (apiKeySalt === undefined && sessionSecret === undefined) return undefined;
  if (typeof apiKeySalt !== 'string' || typeof sessionSecret !== 'string')
    throw damagedSecrets(dataDirectory);
  return { apiKeySalt, sessionSecret };
}
