// Since when secrets of the environment are the same: only a keyed fingerprint of each is kept, never the secret.
import { createHmac } from 'node:crypto';
import { systemStatement } from '../store/statement.ts';
import type { Store } from '../store/store.ts';

/** A secret that should be changed now and then. */
export interface AgedSecret {
  /** Such as `database password`; shown in logs and metrics. */
  readonly name: string;
  readonly value: string;
  /** After so many days it is due. */
  readonly maxDays: number;
}

/** Since when a secret is the same, as far as this install has seen. */
export interface SecretAge {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly since: number;
  readonly maxDays: number;
}

/** Of two processes that note the same change, the second one leaves what the first one wrote. */
const NOTE = systemStatement(
  'secrets.ages.note',
  `INSERT INTO secret_ages (name, fingerprint, since) VALUES (:name, :fingerprint, :now)
   ON CONFLICT (name) DO UPDATE SET fingerprint = excluded.fingerprint, since = excluded.since
   WHERE secret_ages.fingerprint <> excluded.fingerprint`,
);
const AGES = systemStatement<{
  readonly name: string;
  readonly fingerprint: string;
  readonly since: number | bigint;
}>('secrets.ages', 'SELECT name, fingerprint, since FROM secret_ages');

/** Notes the secrets as they are now; the clock of one that changed begins anew. Rejects as the store does. */
export async function noteSecretAges(
  deps: {
    readonly store: Pick<Store, 'read' | 'write'>;
    /** Keys the fingerprints, so that a copy of the table tells nothing of a weak password. */
    readonly pepper: string;
    readonly now: () => number;
  },
  secrets: readonly AgedSecret[],
): Promise<readonly SecretAge[]> {
  const { store, pepper, now } = deps;
  const noted = new Map((await store.read('system', AGES, {})).map((row) => [row.name, row]));
  const ages = secrets.map(({ name, value, maxDays }) => {
    const fingerprint = createHmac('sha256', pepper).update(`${name}\0${value}`).digest('hex');
    const known = noted.get(name);
    const isSame = known?.fingerprint === fingerprint;
    return { name, maxDays, fingerprint, isSame, since: isSame ? Number(known.since) : now() };
  });
  const changed = ages.filter(({ isSame }) => !isSame);
  if (changed.length > 0) {
    await store.write(
      'system',
      changed.map(({ name, fingerprint, since }) => ({
        statement: NOTE,
        values: { name, fingerprint, now: since },
      })),
    );
  }
  return ages.map(({ name, since, maxDays }) => ({ name, since, maxDays }));
}
