// The seed of the audit log's signing key: given by the environment, else made once and kept in the data directory.
import { randomBytes } from 'node:crypto';
import { changeSecretsFile, damagedSecrets, readSecretsFile } from './secrets-file.ts';

/** Bytes of an Ed25519 seed (RFC 8032 §5.1.5). */
const SEED_BYTES = 32;

/** Base64. Throws StateError when the file is damaged, or the folder cannot be written. */
export function openAuditKey(dataDirectory: string, given: string | undefined): string {
  if (given !== undefined) return given;
  const { auditKey } = readSecretsFile(dataDirectory);
  if (auditKey !== undefined) return parseKey(auditKey, dataDirectory);
  const made = randomBytes(SEED_BYTES).toString('base64');
  // Another process that starts now may have been first; its key is the one.
  const document = changeSecretsFile(dataDirectory, (current) => ({ auditKey: made, ...current }));
  return parseKey(document.auditKey, dataDirectory);
}

/** The key of a folder, if it has one: whoever only checks a log must not make a new key for it. */
export function findAuditKey(dataDirectory: string, given: string | undefined): string | undefined {
  if (given !== undefined) return given;
  const { auditKey } = readSecretsFile(dataDirectory);
  return auditKey === undefined ? undefined : parseKey(auditKey, dataDirectory);
}

function parseKey(value: unknown, dataDirectory: string): string {
  if (typeof value !== 'string' || Buffer.from(value, 'base64').length !== SEED_BYTES)
    throw damagedSecrets(dataDirectory);
  return value;
}
