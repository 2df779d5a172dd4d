// The names of fields whose values are secrets, at any depth (spec governance §9). The one list of them.

/** Compared without case, `-` and `_`; a field whose name ends in one of them is secret too (`db_password`). */
const SECRET_NAMES = [
  'password',
  'passwords',
  'passwd',
  'secret',
  'secrets',
  'token',
  'apikey',
  'apikeys',
  'authorization',
  'cookie',
  'cookies',
  'privatekey',
  'clientsecret',
  'accesskey',
  'credential',
  'credentials',
  'encryptedcredentials',
  'session',
  'ssn',
] as const;

/** Names come from schemas and tables, so the same ones come again; callers may invent some, so it is bounded. */
const JUDGED_MAX = 2000;
const NAME_LENGTH_MAX = 64;
const judged = new Map<string, boolean>();

/** Whether a field of this name is never shown. */
export function isSecretName(name: string): boolean {
  const known = judged.get(name);
  if (known !== undefined) return known;
  const plain = name.replace(/[-_\s]/g, '').toLowerCase();
  const isSecret = SECRET_NAMES.some((secret) => plain.endsWith(secret));
  if (name.length <= NAME_LENGTH_MAX && judged.size < JUDGED_MAX) judged.set(name, isSecret);
  return isSecret;
}
