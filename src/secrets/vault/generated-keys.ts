// Master keys made where nobody gave one, kept beside the other secrets of the process.
import { changeSecretsFile, damagedSecrets, readSecretsFile, type SecretsDocument } from '../secrets-file.ts';

/** The keys in base64, the newest first; none where the file has none or is not there. Throws StateError. */
export function readGeneratedKeys(dataDirectory: string): readonly string[] {
  return parseKeys(readSecretsFile(dataDirectory), dataDirectory);
}

/** Replaces the keys by what `change` makes of them, and answers them. */
export function writeGeneratedKeys(
  dataDirectory: string,
  change: (keys: readonly string[]) => readonly string[],
): readonly string[] {
  const changed = changeSecretsFile(dataDirectory, (document) => ({
    ...document,
    masterKeys: change(parseKeys(document, dataDirectory)),
  }));
  return parseKeys(changed, dataDirectory);
}

function parseKeys({ masterKeys }: SecretsDocument, dataDirectory: string): readonly string[] {
  if (masterKeys === undefined) return [];
  if (Array.isArray(masterKeys) && masterKeys.every((key) => typeof key === 'string')) return masterKeys;
  throw damagedSecrets(dataDirectory);
}
