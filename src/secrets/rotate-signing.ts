// Replaces a generated secret that signs: the new one stands beside the old one, which counts for a while yet.
import { newSecret } from './process-secrets.ts';
import { changeSecretsFile, readSecretsFile, type SecretsDocument } from './secrets-file.ts';
import { parseRing, type SigningUse, withRing } from './signing-file.ts';
import type { SigningRing } from './signing-secrets.ts';
import { StateError } from './state-error.ts';

/**
 * How long all processes get to read the new secret before the first one signs with it. They are told within a second
 * ({@link Store.watch}).
 */
const SIGN_AFTER_MS = 5000;
/** Each one that still counts is one more attempt at a signature that is wrong. */
const PREVIOUS_MAX = 8;

/** What a rotation did. Times in epoch milliseconds. */
export interface SigningRotation {
  /** From then on the new one signs. */
  readonly signsFrom: number;
  /** Until then what the old one signed counts. */
  readonly oldUntil: number;
}

/**
 * Resolves when the file holds both, was read back, and the others are told. Rejects with StateError when the file is
 * damaged or cannot be written, when the last rotation has not reached every process yet, or when too many old ones
 * still count, and with what `announce` rejects with; the file is then as it was.
 */
export async function rotateSigning(options: {
  readonly dataDirectory: string;
  readonly use: SigningUse;
  readonly graceMs: number;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Tells every process to read the file again. */
  readonly announce: () => Promise<unknown>;
}): Promise<SigningRotation> {
  const { dataDirectory, use, graceMs, now, announce } = options;
  const signsFrom = now + SIGN_AFTER_MS;
  const oldUntil = signsFrom + graceMs;
  const made = newSecret();
  let before: SecretsDocument = {};
  changeSecretsFile(dataDirectory, (document) => {
    before = document;
    const ring = ringOf(document, use, dataDirectory);
    // None outlives the one that ends now, so that a rotation without a grace ends them all.
    const still = ring.previous
      .filter(({ until }) => now < until)
      .map(({ value, until }) => ({ value, until: Math.min(until, oldUntil) }));
    if (now < ring.since)
      throw new StateError(
        'It was rotated a moment ago; run this again when all processes know the new one.',
      );
    if (still.length >= PREVIOUS_MAX && graceMs > 0)
      throw new StateError(`${PREVIOUS_MAX} old ones still count; wait, or end them all with --grace 0.`);
    const { value } = ring.newest;
    const previous = [{ value, until: oldUntil }, ...still];
    return withRing(document, use, { newest: { value: made }, since: signsFrom, previous });
  });
  const written = parseRing(readSecretsFile(dataDirectory), use, dataDirectory);
  if (written === undefined || written.newest.value !== made)
    throw new StateError(
      'Another process wrote secrets.json meanwhile, by hand or from a backup; look at it.',
    );
  try {
    await announce();
  } catch (error) {
    // Nothing is signed with it yet: it is taken back before anybody could.
    changeSecretsFile(dataDirectory, (document) =>
      withRingOf(document, before, { use, made, dataDirectory }),
    );
    throw error;
  }
  return { signsFrom, oldUntil };
}

/** `document` with what `before` had for the use, where the secret that was made is still the newest. */
function withRingOf(
  document: SecretsDocument,
  before: SecretsDocument,
  {
    use,
    made,
    dataDirectory,
  }: { readonly use: SigningUse; readonly made: string; readonly dataDirectory: string },
): SecretsDocument {
  const isOurs = parseRing(document, use, dataDirectory)?.newest.value === made;
  return isOurs ? withRing(document, use, parseRing(before, use, dataDirectory)) : document;
}

/** Removes from the file what does not count any more. Throws StateError. */
export function forgetEndedSigning(dataDirectory: string, now: number): void {
  const document = readSecretsFile(dataDirectory);
  if (withoutEnded(document, dataDirectory, now) === document) return;
  changeSecretsFile(dataDirectory, (current) => withoutEnded(current, dataDirectory, now));
}

/** The same object when there is nothing to remove. */
function withoutEnded(document: SecretsDocument, dataDirectory: string, now: number): SecretsDocument {
  let changed = document;
  for (const use of ['session', 'tokens'] as const) {
    const ring = parseRing(document, use, dataDirectory);
    const previous = ring?.previous.filter(({ until }) => now < until) ?? [];
    if (ring !== undefined && previous.length < ring.previous.length)
      changed = withRing(changed, use, { ...ring, previous });
  }
  return changed;
}

/** Tokens have no secret of their own before they are rotated the first time, and the session's signs them. */
function ringOf(document: SecretsDocument, use: SigningUse, dataDirectory: string): SigningRing {
  const ring = parseRing(document, use, dataDirectory) ?? parseRing(document, 'session', dataDirectory);
  if (ring === undefined)
    throw new StateError('There is nothing to rotate yet; the first start of the server makes the secret.');
  return ring;
}
