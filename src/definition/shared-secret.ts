// Whether a secret that signs tokens can be guessed (spec governance §3, HS256).

/** 256 bits, the size of the hash: a shorter secret is the weakest part (RFC 7518 §3.2). */
export const SHARED_SECRET_BYTES_MIN = 32;
/** Fewer different characters than any random text of that length has. */
const DIFFERENT_CHARACTERS_MIN = 8;
/** From samples and guides; whoever forges tokens tries them first. */
const KNOWN_WORDS =
  /change[-_ ]?(?:me|this|in)|your[-_ ]|replace|placeholder|example|default|password|secret[-_ ]?key|jwt[-_ ]?secret|test[-_ ]?only/i;

/** What is wrong with a shared secret, or undefined. Never shows it. */
export function sharedSecretProblem(secret: string): string | undefined {
  if (Buffer.byteLength(secret) < SHARED_SECRET_BYTES_MIN)
    return `The secret has fewer than ${SHARED_SECRET_BYTES_MIN} bytes.`;
  if (KNOWN_WORDS.test(secret)) return 'The secret contains a word of samples and guides.';
  if (new Set(secret).size < DIFFERENT_CHARACTERS_MIN) return 'The secret repeats a few characters.';
  return undefined;
}
