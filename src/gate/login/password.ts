// Passwords: what is accepted, and how they are kept (governance §3; OWASP password storage: argon2id).
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { QuaysideError } from '../../errors.ts';

/** Long ones need no classes of characters; short ones need all four. */
const LONG_MIN = 12;
const SHORT_MIN = 8;
/** A memory-hard hash of a novel is an attack, not a password. */
export const PASSWORD_LENGTH_MAX = 256;
const CLASSES = [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{L}\p{Nd}]/u];

/** 19 MiB, two passes, one lane: the first choice of OWASP. */
const MEMORY_KIB = 19_456;
const PASSES = 2;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Each holds 19 MiB and a thread of the pool while it runs; more would starve files and DNS. */
const HASHES_AT_ONCE = 2;
/** Beyond it nobody waits long enough to care for the answer. */
const WAITING_MAX = 100;

/** What is wrong with a new password, or undefined. Never shows it. */
export function passwordProblem(password: string): string | undefined {
  const length = [...password].length;
  if (length > PASSWORD_LENGTH_MAX) return `must have at most ${PASSWORD_LENGTH_MAX} characters`;
  if (length >= LONG_MIN) return undefined;
  if (length >= SHORT_MIN && CLASSES.every((one) => one.test(password))) return undefined;
  return `must have at least ${LONG_MIN} characters, or ${SHORT_MIN} with small and capital letters, digits and others`;
}

/** `$argon2id$v=19$m=...,t=...,p=1$<salt>$<hash>`, so that other parameters can come later. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const digest = await derive(password, salt, { memory: MEMORY_KIB, passes: PASSES });
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=1$${salt.toString('base64url')}$${digest.toString('base64url')}`;
}

const STORED = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=1\$([\w-]+)\$([\w-]+)$/;
/** Compared with where there is no account, so that the answer takes as long. Of no password. */
const NOBODY = `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=1$AAAAAAAAAAAAAAAAAAAAAA$${'A'.repeat(43)}`;

/** Whether the password is that of the stored text; undefined costs the same and is always false. */
export async function verifyPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [, memory, passes, salt = '', digest = ''] = STORED.exec(stored ?? NOBODY) ?? [];
  if (memory === undefined) throw new Error('A stored password hash cannot be read.');
  const expected = Buffer.from(digest, 'base64url');
  const cost = { memory: Number(memory), passes: Number(passes) };
  const actual = await derive(password, Buffer.from(salt, 'base64url'), cost);
  return timingSafeEqual(actual, expected) && stored !== undefined;
}

let running = 0;
const waiting: (() => void)[] = [];

async function derive(
  password: string,
  nonce: Buffer,
  cost: { readonly memory: number; readonly passes: number },
): Promise<Buffer> {
  if (running >= HASHES_AT_ONCE) {
    if (waiting.length >= WAITING_MAX)
      throw new QuaysideError('overloaded', { headers: { 'retry-after': '5' } });
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else {
    running++;
  }
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      // One form for what looks the same on different keyboards.
      const message = password.normalize('NFC');
      argon2(
        'argon2id',
        { ...cost, message, nonce, parallelism: 1, tagLength: HASH_BYTES },
        (error, digest) => (error === null ? resolve(digest) : reject(error)),
      );
    });
  } finally {
    // The turn goes on to whoever waits, or is given back.
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}
