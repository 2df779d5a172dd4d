// What keys need from time to time: their uses written down, and a word about those that are too old.
import type { Clock } from '../../clock.ts';
import type { AuditLog } from '../audit/audit.ts';
import type { KeyRing } from './key-ring.ts';
import { keyState, type StoredKey } from './stored-key.ts';

/** `last_used_at` is at most this old; a write per call would cost more than the call. */
const USES_MS = 60_000;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Governance §2: older keys are due for rotation. */
export const KEY_AGE_DAYS_MAX = 90;

export interface KeyHousekeepingDeps {
  readonly ring: Pick<KeyRing, 'keys' | 'writeUses'>;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly audit?: Pick<AuditLog, 'record'>;
  /** Told of each key that is due, once a day. */
  readonly warn: (key: StoredKey, days: number) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Begins at once. Returns the end, which writes down what is left. */
export function startKeyHousekeeping(deps: KeyHousekeepingDeps): () => Promise<void> {
  const { ring, clock } = deps;
  let stopped = false;
  const cancels = new Map<string, () => void>();
  const every = (name: string, ms: number, run: () => void): void => {
    const again = (): void => {
      if (stopped) return;
      cancels.set(
        name,
        clock.after(ms, () => {
          run();
          again();
        }),
      );
    };
    again();
  };
  const writeUses = () => ring.writeUses().catch(deps.onFailure);
  const warnOfAge = () => warnOfOldKeys(deps);
  warnOfAge();
  every('uses', USES_MS, () => void writeUses());
  every('ages', DAY_MS, warnOfAge);
  return async () => {
    stopped = true;
    for (const cancel of cancels.values()) cancel();
    await writeUses();
  };
}

/** Days since each key that still works was made; a rotated key begins anew. */
export function keyAges(
  keys: readonly StoredKey[],
  now: number,
): readonly { readonly key: StoredKey; readonly days: number }[] {
  return keys
    .filter((key) => ['valid', 'not_yet_valid'].includes(keyState(key, now)))
    .map((key) => ({ key, days: (now - key.createdAt) / DAY_MS }));
}

function warnOfOldKeys({ ring, clock, audit, warn }: KeyHousekeepingDeps): void {
  for (const { key, days } of keyAges(ring.keys(), clock.now())) {
    if (days <= KEY_AGE_DAYS_MAX) continue;
    warn(key, days);
    audit?.record({
      eventType: 'admin.action',
      result: 'warning',
      tenantId: key.tenantId,
      action: 'key.rotation_due',
      resourceType: 'api_key',
      resourceId: key.id,
      apiKeyName: key.name,
      metadata: { age_days: Math.floor(days) },
    });
  }
}
