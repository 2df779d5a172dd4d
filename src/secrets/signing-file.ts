// How the secrets that sign stand in `secrets.json`: the newest as a text, and beside it what a rotation left.
import { damagedSecrets, type SecretsDocument } from './secrets-file.ts';
import type { PreviousSecret, SigningRing } from './signing-secrets.ts';

/** What they sign: cursors, request states and session ids; or access tokens. */
export type SigningUse = 'session' | 'tokens';

/** The newest stands alone in its field, so a version of this program that knows no rotation reads it as well. */
const FIELDS = {
  session: { newest: 'sessionSecret', rotation: 'sessionRotation' },
  tokens: { newest: 'tokenSecret', rotation: 'tokenRotation' },
} as const satisfies Record<SigningUse, { readonly newest: string; readonly rotation: string }>;

/** Undefined when the file has none for this use. Throws StateError. */
export function parseRing(
  document: SecretsDocument,
  use: SigningUse,
  dataDirectory: string,
): SigningRing | undefined {
  const { newest, rotation } = FIELDS[use];
  const value = document[newest];
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw damagedSecrets(dataDirectory);
  const left = document[rotation];
  if (left === undefined) return { newest: { value }, since: 0, previous: [] };
  if (!isRecord(left) || typeof left.since !== 'number' || !Array.isArray(left.previous))
    throw damagedSecrets(dataDirectory);
  const previous = left.previous.map((one) => parsePrevious(one, dataDirectory));
  return { newest: { value }, since: left.since, previous };
}

/** The document with `ring` in place of what it had for this use; without one, with none. */
export function withRing(
  document: SecretsDocument,
  use: SigningUse,
  ring: SigningRing | undefined,
): SecretsDocument {
  const { newest, rotation } = FIELDS[use];
  const { [newest]: _value, [rotation]: _left, ...rest } = document;
  if (ring === undefined) return rest;
  const { since, previous } = ring;
  return {
    ...rest,
    [newest]: ring.newest.value,
    ...(previous.length === 0 ? {} : { [rotation]: { since, previous } }),
  };
}

/** The secrets of a ring. */
export function ringValues({ newest, previous }: SigningRing): readonly string[] {
  return [newest, ...previous].map(({ value }) => value);
}

function parsePrevious(one: unknown, dataDirectory: string): PreviousSecret {
  if (!isRecord(one) || typeof one.value !== 'string' || typeof one.until !== 'number')
    throw damagedSecrets(dataDirectory);
  return { value: one.value, until: one.until };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
