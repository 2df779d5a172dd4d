// The seed of the key that archives of indexes are signed with: made once and kept in the data directory.
import { randomBytes } from 'node:crypto';
import { changeSecretsFile, damagedSecrets, readSecretsFile } from './secrets-file.ts';

/** Bytes of an Ed25519 seed (RFC 8032 §5.1.5). */
const SEED_BYTES = 32;

/** Base64. Throws StateError when the file is damaged, or the folder cannot be written. */
export function openSharingKey(dataDirectory: string): string {
  const { sharingKey } = readSecretsFile(dataDirectory);
  if (sharingKey !== undefined) return parseSeed(sharingKey, dataDirectory);
  const made = randomBytes(SEED_BYTES).toString('base64');
  // Another process that starts now may have been first; its key is the one.
  const document = changeSecretsFile(dataDirectory, (current) => ({ sharingKey: made, ...current }));
  return parseSeed(document.sharingKey, dataDirectory);
}

function parseSeed(value: unknown, dataDirectory: string): string {
  if (typeof value !== 'string' || Buffer.from(value, 'base64').length !== SEED_BYTES)
    throw damagedSecrets(dataDirectory);
  return value;
}
