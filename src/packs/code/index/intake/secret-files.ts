// Recognises files that must never be indexed: what can be found can be shown to somebody.

const SECRET_SUFFIXES = ['.pem', '.key', '.p12', '.pfx', '.crt'];
const KEY_BLOCK_END = Buffer.from('PRIVATE KEY-----');
const KEY_BLOCK_START = '-----BEGIN ';
/** Between the start of the line and the words lies at most an algorithm such as "OPENSSH ENCRYPTED". */
const KEY_LABEL_MAX = 40;

/** Whether a name alone says that the file holds secrets: `.env*` and key material. */
export function isSecretName(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  return name.startsWith('.env') || SECRET_SUFFIXES.some((suffix) => name.endsWith(suffix));
}

/** Whether the content has a private-key block (RFC 7468 §10 and its relatives). */
export function holdsPrivateKey(content: Buffer): boolean {
  for (let at = content.indexOf(KEY_BLOCK_END); at >= 0; at = content.indexOf(KEY_BLOCK_END, at + 1)) {
    if (content.toString('latin1', Math.max(0, at - KEY_LABEL_MAX), at).includes(KEY_BLOCK_START))
      return true;
  }
  return false;
}
