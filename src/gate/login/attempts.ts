// How often a password may be guessed: five failures in a quarter of an hour lock the name for as long.
import { createHash } from 'node:crypto';
import type { Store } from '../../store/store.ts';
import { countAttempt, deleteOldAttempts, forgetAttempts, lockSubject } from './statements.ts';

/** Governance §3. */
const FAILURES_MAX = 5;
const WINDOW_MS = 15 * 60_000;
const LOCK_MS = 15 * 60_000;

/** Counts attempts by name, of names without an account, too: a lock must not tell who has one. */
export interface Attempts {
  /** Counts one attempt; milliseconds to wait where the name is locked, else undefined. */
  begin(name: string): Promise<number | undefined>;
  /** The password was right: nothing counts any more. */
  succeed(name: string): Promise<void>;
  /** The password was wrong; after the last one that is allowed the name is locked. */
  fail(name: string): Promise<void>;
}

/** `now` in milliseconds since 1970. */
export function createAttempts(store: Store, now: () => number): Attempts {
  return {
    async begin(name) {
      const at = now();
      const [counted] = await store.write('system', [
        { statement: countAttempt, values: { subject: subjectOf(name), now: at, oldest: at - WINDOW_MS } },
        { statement: deleteOldAttempts, values: { before: at - WINDOW_MS, now: at } },
      ]);
      const { failures, lockedUntil } = parseCount(counted?.rows[0]);
      if (lockedUntil > at) return lockedUntil - at;
      if (failures <= FAILURES_MAX) return undefined;
      // More at once than are allowed: whichever of them fails will lock, and this one has to wait.
      return LOCK_MS;
    },
    async succeed(name) {
      await store.write('system', [{ statement: forgetAttempts, values: { subject: subjectOf(name) } }]);
    },
    async fail(name) {
      await store.write('system', [
        {
          statement: lockSubject,
          values: { subject: subjectOf(name), until: now() + LOCK_MS, most: FAILURES_MAX },
        },
      ]);
    },
  };
}

/** Names that are typed wrong may be passwords: what is kept is a hash. */
function subjectOf(name: string): string {
  return createHash('sha256').update(`login attempt ${name}`).digest('base64url');
}

function parseCount(row: Readonly<Record<string, unknown>> | undefined): {
  failures: number;
  lockedUntil: number;
} {
  return { failures: Number(row?.failures), lockedUntil: Number(row?.locked_until) };
}
